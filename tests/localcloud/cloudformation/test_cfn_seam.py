"""The seam to moto is checked, and gives back what it took."""

import botocore.handlers
import pytest

from upgrade101.gateway.errors import ConfigurationError
from upgrade101.localcloud import cloudformation


def test_the_seam_fits_this_moto_and_refuses_another(monkeypatch: pytest.MonkeyPatch) -> None:
    from upgrade101.localcloud.cloudformation import service

    service.check_seam()
    monkeypatch.setattr(service.parsing, "clean_json", lambda resource_json: resource_json)
    with pytest.raises(ConfigurationError, match="does not fit the local CloudFormation"):
        service.check_seam()


def test_moto_gets_its_place_back() -> None:
    from upgrade101.localcloud.cloudformation import service

    before = list(botocore.handlers.BUILTIN_HANDLERS)
    cloudformation.install()
    cloudformation.install()
    cloudformation.ready()
    assert service._TABLE[service._URL] == service.Door.dispatch
    cloudformation.uninstall()
    assert service._TABLE[service._URL] == service._STOCK
    assert before == botocore.handlers.BUILTIN_HANDLERS


def test_nothing_of_it_is_imported_before_it_is_needed() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from upgrade101 import cloud; cloud.start(quiet=True); cloud.stop(); "
        "print([name for name in sys.modules if name in ('moto.cloudformation', 'samtranslator', 'yaml')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "moto.cloudformation" not in done.stdout
    assert "samtranslator" not in done.stdout
