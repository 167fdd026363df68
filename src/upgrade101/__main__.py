"""The command line: ``python -m upgrade101 …``, or ``python3 start.py …``."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The local gateway of Upgrade 101.")
console = Console(emoji=False)


@app.callback()
def main() -> None:
    """The local gateway of Upgrade 101, from the command line."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen at; 0 takes any free one.")] = 4566,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    region: Annotated[str, typer.Option(help="The region where nobody says otherwise.")] = "us-east-1",
    idle_timeout: Annotated[float, typer.Option(help="Seconds without a message until a connection closes.")] = 600,
    max_duration: Annotated[float, typer.Option(help="Seconds that a connection may last.")] = 7200,
    connections_per_second: Annotated[
        float | None, typer.Option(help="New connections of an account; AWS has 500, here as many as come.")
    ] = None,
    requests_per_second: Annotated[
        float | None, typer.Option(help="Connections, messages and callbacks of an account; AWS has 10000.")
    ] = None,
    functions: Annotated[str, typer.Option(help="Run Lambda functions in 'threads' or in 'processes'.")] = "threads",
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Say nothing of what happens, only of what goes wrong.")
    ] = False,
) -> None:
    """Serve every AWS API, and every stage of every WebSocket API, at one local endpoint."""
    from .gateway import ConfigurationError, Limits
    from .localcloud.local import LocalCloud
    from .serving import narrate

    end = _asked_to_end()
    try:
        limits = Limits(
            idle_seconds=idle_timeout,
            max_duration_seconds=max_duration,
            connections_per_second=connections_per_second,
            requests_per_second=requests_per_second,
        )
        cloud = LocalCloud(region=region, limits=limits, functions=functions).start(host, port)
    except ConfigurationError as fault:
        _refuse(fault)
    written = logging.StreamHandler()
    written.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d  %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[written])
    be_still = None
    if not quiet:
        logging.getLogger("upgrade101").setLevel(logging.INFO)
        logging.getLogger("upgrade101").propagate = False
        be_still = narrate(cloud, written)
    _say_where(cloud.url, briefly=quiet)
    while not end.wait(0.5):  # short, because Windows delivers Ctrl+C only between waits
        pass
    cloud.stop()
    if be_still is not None:
        be_still()


def _say_where(url: str, *, briefly: bool) -> None:
    websocket = url.replace("http", "ws", 1)
    _say(f"[bold]Ready[/bold] at {url} (Ctrl+C ends it)")
    if not briefly:
        _say(f"  AWS APIs    aws --endpoint-url {url} …   or AWS_ENDPOINT_URL={url}")
        _say(f"  a stage     {websocket}/_aws/execute-api/API-ID/STAGE")
        _say(f"  callbacks   {url}/_aws/execute-api/API-ID/STAGE/@connections/ID")
        _say("What happens there follows, a line each; --quiet leaves that out.")


def _say(words: str) -> None:
    console.print(words, highlight=False, soft_wrap=True)


def _refuse(fault: Exception) -> NoReturn:
    """Say why a command cannot do what was asked, in one sentence, and end with 1."""
    Console(stderr=True, emoji=False).print(f"[red]{escape(str(fault))}[/red]", highlight=False, soft_wrap=True)
    raise typer.Exit(1) from None


def _asked_to_end() -> threading.Event:
    """Return what is set by Ctrl+C, or by the signal with which containers and supervisors end a program."""
    end = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: end.set())
    return end


@app.command()
def lint(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Notebooks or folders; the whole course where none is given.")
    ] = None,
) -> None:
    """Hold notebooks to the course's templates and limits; exit 1 where something is wrong."""
    from .authoring.lint import lint as faults_of
    from .authoring.lint import lint_course, notebooks_in, root

    top = root()
    given = [fault for path in notebooks_in(paths or []) for fault in faults_of(path.resolve())]
    found = given if paths else lint_course(top)
    for fault in found:
        console.print(fault.words(top), highlight=False, markup=False, soft_wrap=True)
    if found:
        raise typer.Exit(1)


@app.command()
def lessons(
    only: Annotated[list[str] | None, typer.Option(help="Only this lesson, 05 say; may be given again.")] = None,
    twice: Annotated[bool, typer.Option("--twice", help="Also run every cell twice in a row.")] = False,
    sections: Annotated[bool, typer.Option("--sections", help="Also run every section alone.")] = False,
    at_once: Annotated[int, typer.Option(min=1, help="How many lessons run at a time.")] = 2,
    browser: Annotated[
        bool, typer.Option("--browser", help="Run them in JupyterLab and Chromium instead, in light and dark.")
    ] = False,
    pictures: Annotated[Path, typer.Option(help="Where --browser saves what it saw.")] = Path(".upgrade101/pictures"),
) -> None:
    """Run every lesson in a kernel of its own, cells queued as by Run All; exit 1 where a cell fails."""
    from .authoring.lessons import ONCE, SECTIONS, TWICE
    from .authoring.lessons import lessons as lessons_of
    from .authoring.lessons_table import show
    from .authoring.lint import root
    from .gateway import ConfigurationError

    ways = [ONCE, *([TWICE] if twice else []), *([SECTIONS] if sections else [])]
    try:
        paths = lessons_of(root(), only or [])
    except ConfigurationError as fault:
        _refuse(fault)
    if browser:
        from .authoring import looking

        raise typer.Exit(looking.show(paths, pictures.absolute(), console))
    raise typer.Exit(show(paths, ways, at_once, console))


@app.command()
def elsewhere(
    cloud: Annotated[str, typer.Argument(help="ministack, serve, aws, moto, or an address.")] = "ministack",
    only: Annotated[list[str] | None, typer.Option(help="Only this lesson and its lab, 05 say; repeatable.")] = None,
    with_labs: Annotated[bool, typer.Option("--labs/--no-labs", help="Also run the labs' solutions.")] = True,
    write: Annotated[
        bool, typer.Option("--write", help="Run nothing; bring docs/other-clouds.md up to date with its list.")
    ] = False,
) -> None:
    """Run lessons and labs' solutions on another cloud; exit 1 where a cell differs from AWS and is not listed."""
    from .authoring import elsewhere as course
    from .authoring import elsewhere_table
    from .authoring.clouds import cloud_of
    from .authoring.lint import root
    from .gateway import ConfigurationError

    try:
        listed = course.differences(root())
        if write:
            text = elsewhere_table.page(root(), listed)
            (root() / elsewhere_table.PAGE).write_text(text, encoding="utf-8", newline="\n")
            return
        notebooks = course.notebooks(root(), only or [], with_labs=with_labs)
        there = cloud_of(cloud, root())
    except ConfigurationError as fault:
        _refuse(fault)
    raise typer.Exit(elsewhere_table.show(notebooks, there, listed, console))


@app.command()
def conform(
    where: Annotated[str, typer.Argument(help="moto, aws, or the address of an endpoint.")] = "moto",
    out: Annotated[Path | None, typer.Option(help="Also write the table to this file.")] = None,
) -> None:
    """Hold rows of docs/parity.md to what a cloud does; exit 1 where it does something else."""
    from .authoring import conformance_table
    from .authoring.lint import root
    from .gateway import ConfigurationError

    try:
        raise typer.Exit(conformance_table.show(root(), where, out, console))
    except ConfigurationError as fault:
        _refuse(fault)


@app.command()
def contract(
    record: Annotated[bool, typer.Option("--record", help="Run the lessons first, and record what they ask.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="With --record: only this lesson, 05 say; repeatable.")] = None,
    at_once: Annotated[int, typer.Option(min=1, help="How many kernels run at a time.")] = 2,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where something would change.")] = False,
) -> None:
    """Write which IAM actions the lessons need, from the recorded contract of what they ask of AWS."""
    from .authoring import contract_pages
    from .authoring.lint import root
    from .gateway import ConfigurationError

    try:
        code = contract_pages.record(root(), only or [], at_once, console) if record else 0
        found = contract_pages.outdated(root()) if check else []
        if not check and not code:
            contract_pages.write(root())
    except ConfigurationError as fault:
        _refuse(fault)
    for sentence in found:
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1 if found else code)


@app.command()
def grade(
    submissions: Annotated[
        Path | None, typer.Argument(help="The folder with STUDENT/LAB/LAB.ipynb, or STUDENT.ipynb, for each.")
    ] = None,
    lab: Annotated[str, typer.Option(help="The lab: 03_routes, or 03.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Where results and reports go, found again after an interruption; report/LAB.")
    ] = None,
    at_once: Annotated[int, typer.Option(min=0, help="How many at a time; 0: as many as there are processors.")] = 0,
    again: Annotated[bool, typer.Option("--again", help="Grade anew what has been graded already.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only this student; may be given again.")] = None,
    without_walls: Annotated[
        bool, typer.Option("--without-walls", help="Grade even where a submission could read your files.")
    ] = False,
    selftest: Annotated[
        bool, typer.Option("--selftest", help="Grade a class of honest, wrong, broken and hostile submissions instead.")
    ] = False,
) -> None:
    """Grade a class: each submission behind walls, judged from outside by what its clients see."""
    from .authoring.labs import sources
    from .authoring.lint import root
    from .gateway import ConfigurationError
    from .grading import command

    try:
        if selftest:
            from .grading.selftest.run import selftest as test_class

            labs = [command.lab_named(lab, sources(root()))] if lab else sources(root())
            raise typer.Exit(0 if test_class(root(), labs, console, at_once=at_once, only=only or []) else 1)
        if submissions is None:
            raise ConfigurationError("no folder of submissions", hint="start.py grade SUBMISSIONS --lab 03_routes")
        name = command.lab_named(lab, sources(root()))
        solution = root() / "solutions" / name / f"{name}.ipynb"
        out = out or Path("report") / name
        results = command.grade(
            submissions, solution, out, console, at_once=at_once, again=again, only=only or [], trusting=without_walls
        )
    except ConfigurationError as fault:
        _refuse(fault)
    except KeyboardInterrupt:
        _say("stopped; the same command goes on where it was")
        raise typer.Exit(130) from None
    for line in command.summary(results, out):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
def cleanup(
    run: Annotated[str, typer.Option(help="Only this run; cloud.start and --dry-run say what runs there are.")] = "",
    all_: Annotated[
        bool,
        typer.Option("--all", help="Every run, those of other accounts and endpoints too: exit 1 where one waits."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Delete nothing; list what ledgers know, and what of it is there.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="With --run: close its ledger, whatever cannot be deleted here.")
    ] = False,
    by_tag: Annotated[
        bool, typer.Option("--by-tag", help="A ledger is lost: look for the tag in the account, list, ask, delete.")
    ] = False,
    profile: Annotated[str | None, typer.Option(help="The profile of the account; boto3's own otherwise.")] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="With --by-tag: look in this region; may be given again.")
    ] = None,
) -> None:
    """Delete what runs on AWS or on another endpoint have left behind, and prove that nothing is left."""
    from .gateway import ConfigurationError
    from .ledger import by_tag as tags
    from .ledger import command

    if run and all_:
        raise typer.BadParameter("--run ID or --all, not both")
    if forget and not run:
        raise typer.BadParameter("--forget needs --run ID: only one run is forgotten at a time")
    if by_tag and (all_ or forget):
        raise typer.BadParameter("--by-tag takes --run ID, --dry-run, --profile and --region, not --all or --forget")
    if region and not by_tag:
        raise typer.BadParameter("--region is for --by-tag: a ledger knows its regions")
    try:
        if by_tag:
            code = tags.cleanup(console, profile=profile, regions=region or [], run_id=run, dry_run=dry_run)
        else:
            code = command.cleanup(
                console, run_id=run, everywhere=all_, dry_run=dry_run, forget=forget, profile=profile
            )
    except ConfigurationError as fault:
        _refuse(fault)
    except KeyboardInterrupt:
        _say("stopped; nothing is forgotten: the same command goes on where it was")
        raise typer.Exit(130) from None
    raise typer.Exit(code)


@app.command()
def bench(
    quick: Annotated[bool, typer.Option(help="A quarter of the work, in two rounds.")] = False,
    case: Annotated[list[str] | None, typer.Option(help="Only this case; may be given again.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the cases.")] = False,
    write: Annotated[bool, typer.Option(help="Write table and picture to docs/performance.md.")] = False,
) -> None:
    """Measure the local gateway against bare `websockets` servers, and its peers where they are installed."""
    command = _beside_the_package("benchmarks.command")
    raise typer.Exit(command.bench(case or [], quick=quick, write=write, listed=list_))


@app.command()
def soak(
    minutes: Annotated[float, typer.Option(help="How long; 0.3 is the short form that the tests run.")] = 10,
    seed: Annotated[int | None, typer.Option(help="What the dice are thrown by, to have the same again.")] = None,
    functions: Annotated[str, typer.Option(help="Run Lambda functions in 'threads' or in 'processes'.")] = "threads",
) -> None:
    """Strain the local gateway with clients that misbehave and functions that fail, and read its books."""
    raise typer.Exit(_beside_the_package("benchmarks.soak").soak(minutes, seed, functions))


def _beside_the_package(name: str) -> Any:
    """Import what lies at the top of the course, beside ``src``."""
    import importlib
    import sys

    from .authoring.lint import root

    sys.path.insert(0, str(root()))
    return importlib.import_module(name)


labs = typer.Typer(help="Generate labs/ from solutions/, and prove that every check is right.")
app.add_typer(labs, name="labs")

Checked = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where labs/ would change.")]
Forced = Annotated[bool, typer.Option("--force", help="Overwrite labs that somebody has worked in.")]


@labs.callback(invoke_without_command=True)
def labs_alone(context: typer.Context, check: Checked = False, force: Forced = False) -> None:
    """Generate labs/ from solutions/, as `labs build` does; `labs verify` proves that every check is right."""
    if context.invoked_subcommand is None:
        labs_build(check, force)
    elif check or force:
        raise typer.BadParameter(f"write it behind the word: labs {context.invoked_subcommand} --…")


@labs.command("build")
def labs_build(check: Checked = False, force: Forced = False) -> None:
    """Generate labs/ from solutions/."""
    from .authoring.labs import differences, generate
    from .authoring.lint import root
    from .gateway import ConfigurationError

    try:
        found = list(differences(root())) if check else []
        made = [] if check else generate(root(), force=force)
    except ConfigurationError as fault:
        found, made = [str(fault)], []
    for sentence in found:
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if found:
        raise typer.Exit(1)
    for path in made:
        console.print(path.relative_to(root()).as_posix(), highlight=False, markup=False)


@labs.command("verify")
def labs_verify(
    only: Annotated[list[str] | None, typer.Option(help="Only this lab, 05 say; may be given again.")] = None,
    at_once: Annotated[int, typer.Option(min=1, help="How many kernels run at a time.")] = 2,
) -> None:
    """Prove that solutions pass, untouched labs do not, and wrong answers are told why; exit 1 where one is not so."""
    from .authoring import labs_table, verify
    from .authoring.lint import root
    from .gateway import ConfigurationError

    try:
        names = verify.labs(root(), only or [])
    except ConfigurationError as fault:
        _refuse(fault)
    raise typer.Exit(labs_table.show(root(), names, at_once, console))


if __name__ == "__main__":
    app()
