"""Read and write files of a store, so that they stay whole.

All access to the files of a store, which may come from anybody, goes through here: no
file is opened through a symbolic link, nor unless it is a regular file; none is read
beyond a limit; new files are made in a folder that was opened before.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ticketctl.errors import DiskError, unread

if TYPE_CHECKING:
    from ticketctl.store.writing.permissions import Access

MAX_BYTES = 1 << 20
"""The largest ticket file that is read, in bytes."""
LARGEST = 1 << 26
"""The largest file of a store that is written or committed, such as an attachment, in
bytes."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def read_bytes(path: str, limit: int) -> bytes:
    """Return the bytes of a regular file, at most ``limit`` and one.

    Symbolic links are not followed.

    Raises:
        FileNotFoundError: there is no such file.
        DiskError: it cannot be read.
    """
    return read_with_mode(None, path, limit)[0]


def read_with_mode(folder: int | None, path: str, limit: int) -> tuple[bytes, int]:
    """Return the bytes of a file, as :func:`read_bytes` does, and its permissions.

    Args:
        path: absolute, or the name in ``folder``, the descriptor of an open folder.

    Raises:
        FileNotFoundError: there is no such file.
        DiskError: it cannot be read.
    """
    try:
        if not stat.S_ISREG(mode := os.lstat(path, dir_fd=folder).st_mode):
            # It is not opened, since opening a device can have effects.
            is_link = stat.S_ISLNK(mode)
            what = (
                "a symbolic link; those are not followed"
                if is_link
                else "not a regular file"
            )
            raise DiskError(f"{path} is {what}")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DiskError(
                f"{path} is a symbolic link; those are not followed"
            ) from None
        raise unread(path, error) from None
    except ValueError:
        raise DiskError(f"invalid file name {path!r}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise DiskError(f"{path} is not a regular file")
        size = min(status.st_size, limit) + 1
        data = os.read(descriptor, size)
        if len(data) == size:  # not read to its end, which is rare
            with open(descriptor, "rb", closefd=False) as file:
                data += file.read(limit + 1 - len(data))
        return data, status.st_mode
    except OSError as error:
        raise unread(path, error) from None
    finally:
        os.close(descriptor)


def read_in(root: str, path: str, limit: int) -> bytes:
    """Return the bytes of a file of a store; no folder above it may be a link either.

    Args:
        path: relative to the store.

    Raises:
        FileNotFoundError: there is no such file.
        DiskError: it cannot be read.
    """
    if link := link_above(root, path):
        raise DiskError(f"{root}/{link} is a symbolic link; those are not followed")
    return read_bytes(f"{root}/{path}", limit)


def link_above(root: str, path: str) -> str:
    """Return the first folder above a file of a store that is a symbolic link.

    Args:
        path: relative to the store.

    Returns:
        Its path in the store; empty if there is none.
    """
    ends = (number for number, char in enumerate(path) if char == "/")
    return next(
        (path[:end] for end in ends if os.path.islink(f"{root}/{path[:end]}")), ""
    )


def is_regular(root: str, path: str) -> bool:
    """Return whether a regular file, not behind a link, is at a path of a store."""
    try:
        return stat.S_ISREG(os.lstat(f"{root}/{path}").st_mode) and not link_above(
            root, path
        )
    except (OSError, ValueError):  # or an invalid name
        return False


def stat_if_present(path: str) -> os.stat_result | None:
    """Return the stat of a path, links followed; ``None`` if nothing is there.

    Raises:
        OSError: it may not be looked at; ``os.path.exists`` would take it for missing.
    """
    try:
        return os.stat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise


def list_names(root: str, folder: str) -> list[str]:
    """Return the names in a folder of a store, in order; none if there is no folder.

    A symbolic link is not a folder.

    Raises:
        OSError: it cannot be read.
    """
    if os.path.islink(f"{root}/{folder}") or link_above(root, folder):
        return []
    try:
        return sorted(os.listdir(f"{root}/{folder}"))
    except (FileNotFoundError, NotADirectoryError):
        return []


def may_exist(path: str) -> bool:
    """Return whether something is at a path, or could be.

    A link that leads nowhere counts, and so does what may not be looked at.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


def random_name() -> str:
    """Return a name that nobody can guess, and so nobody can have used before."""
    return os.urandom(8).hex()


def open_folder(path: str, parent: int | None = None) -> int:
    """Open a folder that is not a symbolic link; return its descriptor.

    Args:
        path: absolute, or relative to ``parent``, the descriptor of an open folder.

    Raises:
        OSError: there is none, or it is a link.
    """
    try:
        return os.open(path, _FOLDER, dir_fd=parent)
    except NotADirectoryError:
        if stat.S_ISLNK(os.lstat(path, dir_fd=parent).st_mode):
            raise OSError(errno.ELOOP, f"{path} is a symbolic link") from None
        raise


@contextmanager
def folder_of(root: str, path: str, make: Access | None = None) -> Iterator[int]:
    """Open the folder of a store's file, part by part; none above it may be a link.

    Args:
        path: the file's, relative to the store.
        make: make missing folders, with this access.

    Raises:
        OSError: a folder cannot be opened, or made.
    """
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in path.split("/")[:-1]:
            if make is not None:
                _make_in(folder, part, make)
            above, folder = folder, -1
            try:
                folder = open_folder(part, above)
            finally:
                os.close(above)
        yield folder
    finally:
        if folder >= 0:
            os.close(folder)


def _make_in(parent: int, name: str, access: Access) -> None:
    """Make a folder in another, and put its name on the disk, if nothing is there."""
    try:
        os.lstat(name, dir_fd=parent)
    except FileNotFoundError:
        with suppress(FileExistsError):  # another command has made it
            os.mkdir(name, dir_fd=parent)
            _give(open_folder(name, parent), access)
            os.fsync(parent)


def make_folder(path: str, access: Access | None = None) -> str:
    """Make a folder of our own, and those above it, if it is missing; return its path.

    Raises:
        OSError: it cannot be made.
    """
    if not os.path.isdir(path):
        make_folder(os.path.dirname(path), access)
        with suppress(FileExistsError):
            os.mkdir(path)
            _give(os.open(path, _FOLDER), access)
    return path


def _give(descriptor: int, access: Access | None) -> None:
    """Give access to an open folder, and close it."""
    try:
        if access is not None:
            access.give(descriptor)
    finally:
        os.close(descriptor)


def make_file(
    folder: int,
    name: str,
    data: bytes,
    near: int | None = None,
    access: Access | None = None,
    mode: int | None = None,
) -> None:
    """Make a file of some bytes, which are not yet certain to be on the disk.

    Args:
        folder: the descriptor of the folder in which it gets its name.
        near: that of the folder that the file will be moved to, near which the file
            system shall place it. In a folder where files come and go, ext4 skips the
            space that was freed within the last minutes: of 4,000 files, 0.8 ms for
            each new one, against 0.04. A default ACL of that folder applies, too.
        mode: the permissions of the file that it will replace, instead of the umask's.

    Raises:
        FileExistsError: there is one of that name.
    """
    if _put_unnamed(folder, name, data, folder if near is None else near, access, mode):
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o666, dir_fd=folder)
    try:
        write_new(descriptor, data, access, mode)
    finally:
        os.close(descriptor)


_OPEN = "/proc/self/fd"


def _put_unnamed(
    folder: int,
    name: str,
    data: bytes,
    near: int,
    access: Access | None,
    mode: int | None,
) -> bool:
    """Make a file without a name, then name it; return whether that is possible here.

    Linux can, on most of its file systems. Until it has a name, the file vanishes with
    the process.
    """
    if not hasattr(os, "O_TMPFILE"):
        return False
    try:
        flags = os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC
        descriptor = os.open(".", flags, 0o666, dir_fd=near)
    except OSError:
        return False
    try:
        write_new(descriptor, data, access, mode)
        # Python calls linkat(2), which follows the link in /proc to the open file.
        os.link(f"{_OPEN}/{descriptor}", name, dst_dir_fd=folder, follow_symlinks=True)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        return False  # for example without /proc
    finally:
        os.close(descriptor)
    return True


def write_new(
    descriptor: int, data: bytes, access: Access | None, mode: int | None = None
) -> None:
    """Give a new file its bytes and permissions: the umask's, where none are named."""
    write_fully(descriptor, data)
    if access is not None:
        access.give(descriptor, mode)
    elif mode is not None:
        os.fchmod(descriptor, stat.S_IMODE(mode))


def write_fully(descriptor: int, data: bytes) -> None:
    """Write all bytes into an open file."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def replace_file(
    path: str,
    data: bytes,
    access: Access | None = None,
    mode: int | None = None,
    durable: bool = True,
) -> None:
    """Write a small file whole, in the place of whatever has its name, links included.

    Args:
        path: in a folder that may be a link.
        mode: its permissions, instead of the umask's.
        durable: put it on the disk before it takes its place.

    Raises:
        OSError: it cannot be written.
    """
    from ticketctl.store.writing.sync import sync_path

    parent, name = os.path.split(path)
    folder = os.open(parent or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    aside = f".{name[:200]}.{random_name()}"
    try:
        make_file(folder, aside, data, access=access, mode=mode)
        try:
            if durable:
                sync_path(aside, folder)
            os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with suppress(OSError):
                os.unlink(aside, dir_fd=folder)
            raise
        if durable:
            os.fsync(folder)
    finally:
        os.close(folder)


def remove_folder(path: str) -> None:
    """Remove a folder with the files in it, or a file; a link is removed, not followed.

    What cannot be removed stays, without an error.
    """
    with suppress(OSError):
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            os.unlink(path)
            return
        folder = open_folder(path)
        try:
            for name in os.listdir(folder):
                with suppress(OSError):
                    os.unlink(name, dir_fd=folder)
        finally:
            os.close(folder)
        os.rmdir(path)
