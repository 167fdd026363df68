"""Entering an AWS account: look whose it is and what it can do, say what will be created, ask once."""

from __future__ import annotations

import difflib
import os
import re
import sys

import boto3
from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.session import Session

from ..gateway.errors import ConfigurationError
from ..ledger.account import NAME_ONE, NO_REGION, SIGN_IN, UNKNOWN_KEYS, Identity, identity
from . import banner, plan

YES = "UPGRADE101_YES"
SERVICES = ("apigatewayv2", "lambda", "dynamodb")
_HOME = "us-east-1"  # the region that every account has
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")

_BEFOREHAND = f"set the environment variable {YES} to the account's number to say yes beforehand"

_agreed: set[tuple[str, str]] = set()


class Account:
    """The account that boto3's credentials lead to; ``start`` enters it, ``stop`` puts the environment back.

    ``profile`` and ``region`` are what boto3 finds by itself where they are None.
    """

    def __init__(self, profile: str | None = None, region: str | None = None) -> None:
        self._profile, self._region = profile, region
        self._before: dict[str, str | None] = {}

    def start(self) -> None:
        """Look, show and ask. Raises ConfigurationError where one should not go on, and nothing has changed then."""
        self.enter()
        try:
            who, region = self.look()
            if who.arn.endswith(":root"):
                raise ConfigurationError(
                    "these are the keys of the root user, who may do everything and cannot be held back",
                    hint="make a user or a role of its own for the course and sign in as that one",
                )
            ask(who, region)
        except BaseException:
            self.stop()
            raise

    def look(self) -> tuple[Identity, str]:
        """Return who one is, and in which region. Raises ConfigurationError where AWS cannot be used."""
        region = _region()
        return self._identity(region), region

    def stop(self) -> None:
        """Let boto3 find profile and region as before; harmless where nothing was changed."""
        for name, value in self._before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        self._before = {}
        boto3.DEFAULT_SESSION = None

    def enter(self) -> None:
        """Let boto3 find profile and region of this account, until ``stop``."""
        settings: dict[str, str | None] = {}
        if self._profile:  # keys in the environment would win over it
            settings |= dict.fromkeys((*_KEYS, *_PROFILES)) | {"AWS_PROFILE": self._profile}
        if self._region:
            settings["AWS_DEFAULT_REGION"] = self._region
        self._before = {name: os.environ.get(name) for name in settings}
        for name, value in settings.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        boto3.DEFAULT_SESSION = None

    def _identity(self, region: str) -> Identity:
        """Ask AWS who is calling; a region that is switched off knows nobody, though the keys are good."""
        try:
            return identity()
        except ConfigurationError as fault:
            if region == _HOME or UNKNOWN_KEYS not in fault.message or not _is_known_at_home():
                raise
        raise ConfigurationError(
            f"the region {region} is not switched on in your account",
            hint=f"take another (region={_HOME!r}), or switch it on under Account, AWS Regions, in AWS's console",
        )


def _is_known_at_home() -> bool:
    try:
        identity(boto3.Session(region_name=_HOME))
    except ConfigurationError:
        return False
    return True


def _region() -> str:
    """Return boto3's region. Raises ConfigurationError: no profile, no keys, no region, or a wrong one."""
    try:
        session = session_here()
        has_keys = session.get_credentials() is not None
    except BotoCoreError as fault:
        raise ConfigurationError(f"boto3 cannot use its settings ({fault})", hint=SIGN_IN) from None
    if not has_keys:
        missing_too = " and no region" if session.region_name is None else ""
        raise ConfigurationError(f"boto3 finds no AWS credentials{missing_too} here", hint=SIGN_IN)
    if session.region_name is None:
        raise ConfigurationError(NO_REGION, hint=NAME_ONE)
    region = str(session.region_name)
    if missing := [service for service in SERVICES if region not in session.get_available_regions(service)]:
        raise _wrong_region(region, missing)
    return region


def session_here() -> boto3.Session:
    """Return boto3's session. Raises ConfigurationError where its profile is not there, with those that are."""
    try:
        return boto3.Session()
    except ProfileNotFound as fault:
        raise ConfigurationError(str(fault), hint=_profiles_there()) from None


def _wrong_region(region: str, missing: list[str]) -> ConfigurationError:
    botocore = Session()
    others = {
        name: partition
        for partition in botocore.get_available_partitions()
        for name in botocore.get_available_regions("sts", partition)
    }
    if others.get(region, "aws") != "aws":
        said = f"the region {region} lies in the partition {others[region]}, where ARNs differ from the course's"
        return ConfigurationError(said, hint=f"take one of the public regions, say region={_HOME!r}")
    if region in others:
        said = f"the region {region} has no {' and no '.join(missing)}, which the course needs"
        return ConfigurationError(said, hint=f"take another one, say region={_HOME!r}")
    close = difflib.get_close_matches(region, [name for name, where in others.items() if where == "aws"], 1)
    return ConfigurationError(
        f"boto3 knows no region called {region!r}",
        hint=f"did you mean region={(close or [_HOME])[0]!r}? If it is a new one, bring boto3 up to date",
    )


def _profiles_there() -> str:
    names = Session().available_profiles
    if not names:
        return f"no profile is set up on this machine: {SIGN_IN}"
    return f"the profiles on this machine: {', '.join(names[:6])}{' …' if len(names) > 6 else ''}"


# ── the question ─────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(who: Identity, region: str) -> None:
    """Show where one is and what will be created, and ask; once for an account and region in one process.

    Raises ConfigurationError where the answer is not yes, or where nobody can be asked.
    """
    if (who.account, region) in _agreed:
        return
    print(*banner.lines(who, region), *plan.sentences(), sep="\n")
    if not is_agreed(who.account) and not says_yes("Go on?"):
        raise ConfigurationError("you did not say yes, so nothing was created", hint="cloud.start('moto') is free")
    _agreed.add((who.account, region))


def is_agreed(account: str, *, by_number: bool = False) -> bool:
    """Tell whether ``UPGRADE101_YES`` says yes to an account: by its number, or to every one unless ``by_number``.

    Raises ConfigurationError where it names accounts, and this is none of them.
    """
    said = os.environ.get(YES, "").strip()
    if not _names_accounts(said):
        return _is_yes(said) and not by_number
    named = {part.replace("-", "") for part in re.split(r"[\s,;]+", said) if part}
    if wrong := sorted(part for part in named if not re.fullmatch(r"\d{12}", part)):
        raise ConfigurationError(
            f"{YES} names accounts, and {wrong[0]!r} is no number of one", hint="12 digits each, with commas between"
        )
    if account not in named:
        others = " and ".join(f"…{number[-4:]}" for number in sorted(named))
        raise ConfigurationError(
            f"{YES} says yes to account {others} alone, and these keys are of account …{account[-4:]}",
            hint="take a profile of that account (profile=, --profile), or change the variable",
        )
    return True


def _names_accounts(said: str) -> bool:
    """Tell whether the variable holds numbers of accounts, be they right or wrong.

    >>> [_names_accounts(said) for said in ("123456789012", "1234-5678-9012,210987654321", "12", "1", "0", "yes")]
    [True, True, True, False, False, False]
    """
    return said not in ("0", "1") and any(character.isdigit() for character in said)


def says_yes(question: str, done: str = "created", *, beforehand: str = _BEFOREHAND) -> bool:
    """Ask a question. Raises ConfigurationError where nobody can be asked; ``done`` is what is not, without a yes.

    ``beforehand`` says how a script says yes.
    """
    sys.stdout.flush()
    try:
        return _is_yes(input(f"{question} [y/N] "))
    except (EOFError, OSError, RuntimeError):  # the last is Jupyter's, where a kernel has nobody to ask
        raise ConfigurationError(f"nobody can be asked here, so nothing was {done}", hint=beforehand) from None


def _is_yes(answer: str) -> bool:
    """Tell whether an answer means yes.

    >>> [_is_yes(answer) for answer in ("y", " Yes", "1", "true", "", "n", "0", "yesterday")]
    [True, True, True, True, False, False, False, False]
    """
    return answer.strip().lower() in ("y", "yes", "1", "true", "on")
