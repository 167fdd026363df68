"""A filter for system calls: what no answer to an exercise needs is refused. Standard library only.

It says no, with EPERM, where the kernel might be attacked or a limit evaded: new namespaces, mounts, other processes'
memory, files without a name. https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from . import calls

# name: number on x86_64, on aarch64
_REFUSED = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),  # memory that no limit of a process counts
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmget": (29, 194),
    "swapon": (167, 224),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_NEW_NAMESPACES = 0x7E020080
_FAMILIES = (1, 2, 10, 16)  # unix, IPv4, IPv6, netlink: others know no network namespace (vsock), or have no use here
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _JEQ, _JGE, _JSET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24  # places in struct seccomp_data
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_FILTER = 2


def is_known_machine() -> bool:
    """Tell whether the numbers of this machine's system calls are known here."""
    return os.uname().machine in _MACHINES


def program(machine: str, *, datagrams: bool) -> bytes:
    """Return the filter for a machine; without ``datagrams`` there is no UDP, and nothing else but TCP and unix."""
    column, arch = _MACHINES[machine]
    lines = [
        _line(_LOAD, _ARCH),
        _line(_JEQ, arch, 1, 0),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER),
    ]
    if column == 0:  # x32 has numbers of its own
        lines += [_line(_JGE, 0x40000000, 0, 1), _line(_RETURN, _ERRNO | errno.ENOSYS)]
    for numbers in _REFUSED.values():
        lines += _refuse(numbers[column], errno.EPERM)
    lines += _refuse(_CLONE3[column], errno.ENOSYS)  # its flags cannot be seen from here; libraries use clone then
    lines += _clone(_CLONE[column])
    lines += _socket(_SOCKET[column], datagrams)
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def install(*, datagrams: bool) -> None:
    """Set the filter for this process and all that it starts; it cannot be taken away. Raises OSError."""
    code = program(os.uname().machine, datagrams=datagrams)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    kept = ctypes.create_string_buffer(header, len(header))
    calls.prctl(calls.PR_SET_SECCOMP, _FILTER, ctypes.addressof(kept))


def _line(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)


def _refuse(number: int, error: int) -> list[bytes]:
    return [_line(_JEQ, number, 0, 1), _line(_RETURN, _ERRNO | error)]


def _clone(number: int) -> list[bytes]:
    """Refuse clone where it makes namespaces."""
    return [
        _line(_JEQ, number, 0, 4),
        _line(_LOAD, _FIRST),
        _line(_JSET, _NEW_NAMESPACES, 0, 1),
        _line(_RETURN, _ERRNO | errno.EPERM),
        _line(_RETURN, _ALLOW),
    ]


def _socket(number: int, datagrams: bool) -> list[bytes]:
    """Refuse families of addresses, and for the internet's all types but streams where there are no datagrams."""
    refused = _line(_RETURN, _ERRNO | errno.EOPNOTSUPP)  # ZeroMQ can live with this one
    allowed = _line(_RETURN, _ALLOW)
    if datagrams:
        body = [_line(_LOAD, _FIRST)]
        for place, family in enumerate(_FAMILIES):
            body.append(_line(_JEQ, family, len(_FAMILIES) - place, 0))
        body += [refused, allowed]
    else:
        body = [
            _line(_LOAD, _FIRST),
            _line(_JEQ, 1, 6, 0),
            _line(_JEQ, 2, 1, 0),
            _line(_JEQ, 10, 0, 3),
            _line(_LOAD, _SECOND),
            _line(_AND, 0xF),
            _line(_JEQ, 1, 1, 0),
            refused,
            allowed,
        ]
    return [_line(_JEQ, number, 0, len(body)), *body]
