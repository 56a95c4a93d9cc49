# SPDX-License-Identifier: MIT
#
# What a program tries that was started by keyturn run --sealed, and its prey.
#
#   seal_attacks.py prey DIRECTORY      what is worth having: processes, sockets, keys, files. Writes
#                                       DIRECTORY/prey.json when it is there; ends with its stdin.
#   seal_attacks.py attack DIRECTORY    tries to get it: a line "got NAME" or "no NAME" each
#   seal_attacks.py leftovers KIND      what a seal ("whole", "basic") is known not to stop: NAMEs
#   seal_attacks.py rare                what a machine need not give even without a seal
#
# "got" is said of what was really had: the words MARK, a call that did not fail, a signal that came.

import ctypes
import fcntl
import json
import mmap
import os
import platform
import pty
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

MARK = b"prey-of-the-seal-" + b"x" * 15
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
X86 = platform.machine() == "x86_64"
# The numbers of x86-64 and of asm-generic; those from 424 on are everywhere the same.
CALLS = {
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "kcmp": (312, 272), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "shmat": (30, 196), "shmget": (29, 194), "msgget": (68, 186),
    "msgrcv": (70, 188), "msgsnd": (69, 189), "mq_open": (240, 180), "prlimit64": (302, 261),
    "mount": (165, 40), "umount2": (166, 39), "setns": (308, 268), "unshare": (272, 97),
    "kill": (62, 129), "tgkill": (234, 131), "move_pages": (279, 239), "get_robust_list": (274, 100),
    "rt_sigqueueinfo": (129, 138), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "pivot_root": (155, 41), "mknodat": (259, 33), "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263), "shmctl": (31, 195),
    "setpriority": (141, 140), "io_uring_setup": (425,) * 2, "open_tree": (428,) * 2,
    "move_mount": (429,) * 2, "fsopen": (430,) * 2, "fsconfig": (431,) * 2, "fsmount": (432,) * 2,
    "pidfd_send_signal": (424,) * 2, "pidfd_open": (434,) * 2, "pidfd_getfd": (438,) * 2,
    "mount_setattr": (442,) * 2,
}
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWIPC = 0x20000, 0x10000000, 0x20000000, 0x8000000


def call(name, *arguments):
    """A system call: its result, or OSError."""
    number = CALLS[name][0 if X86 else 1] if isinstance(name, str) else name
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(name))
    return result


def read_file(path, size=1 << 16):
    with open(path, "rb", buffering=0) as file:
        return file.read(size)


def run(*words, **options):
    """What a program prints."""
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20,
                          **options).stdout


# --- the prey ---------------------------------------------------------------------------------


def listen(name):
    """A socket that gives the mark to whoever connects."""
    listener = socket.socket(socket.AF_UNIX)
    if not name.startswith("\0"):
        os.makedirs(os.path.dirname(name), exist_ok=True)
        if os.path.exists(name):
            os.unlink(name)
    listener.bind(name)
    listener.listen(8)
    if os.fork() == 0:
        while True:
            peer, _ = listener.accept()
            try:
                peer.send(MARK)
            except OSError:
                pass
            peer.close()
    listener.close()


def write_mark(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(MARK)


def make_memory():
    """The mark at an address that is told."""
    memory = mmap.mmap(-1, 4096)
    memory.write(MARK)
    return memory, ctypes.addressof(ctypes.c_char.from_buffer(memory))


def prey(directory):
    home = os.environ["HOME"]
    facts = {"pid": os.getpid(), "home": home, "bus": os.environ.get("DBUS_SESSION_BUS_ADDRESS"),
             "runtime": os.environ.get("XDG_RUNTIME_DIR")}
    facts["temporary"] = tempfile.mkdtemp(prefix="seal-", dir="/tmp")
    facts["abstract"] = "keyturn-seal-%d" % os.getpid()
    facts["sockets"] = {
        "socket in /tmp": facts["temporary"] + "/socket",
        "socket in the home": home + "/.agent/S.agent",
        "socket in the working directory": directory + "/agent.sock",
        "socket in the runtime directory": facts["runtime"] + "/service/socket",
    }
    if os.access("/run/keyturn-seal-test", os.W_OK):
        facts["sockets"]["socket in /run"] = "/run/keyturn-seal-test/docker.sock"
    for path in facts["sockets"].values():
        listen(path)
    listen("\0" + facts["abstract"])
    for name in (".ssh/id_ed25519", ".ssh/authorized_keys", ".bashrc", ".config/autostart/a.desktop",
                 ".local/share/keyrings/other.keyring", ".netrc", ".config/systemd/user/a.service"):
        write_mark(home + "/" + name)
    service = socket.create_server(("127.0.0.1", 0))
    facts["port"] = service.getsockname()[1]
    memory, facts["address"] = make_memory()
    memfd = os.memfd_create("prey")
    os.write(memfd, MARK)
    facts["memfd"] = memfd
    facts["file"] = os.open(home, os.O_TMPFILE | os.O_RDWR)
    os.write(facts["file"], MARK)
    master, slave = pty.openpty()
    facts["terminal"] = os.ttyname(slave)
    facts["key"] = call("add_key", b"user", b"seal-prey-%d" % os.getpid(), MARK, len(MARK), -4)
    call("keyctl", 5, facts["key"], 0x003F0000)
    # As keyturn has its own: found by number, and in @u by name.
    call("keyctl", 8, facts["key"], -4)
    facts["key_name"] = "seal-prey-%d" % os.getpid()
    write_mark("/dev/shm/seal-prey-%d" % os.getpid())
    facts["shm"] = call("shmget", 0, 4096, 0o1600)
    libc.shmat.restype = ctypes.c_void_p
    ctypes.memmove(libc.shmat(facts["shm"], None, 0), MARK, len(MARK))
    facts["message_key"] = 0x5EA1 << 16 | os.getpid() & 0xFFFF
    queue = call("msgget", facts["message_key"], 0o1600)
    for _ in range(4):
        call("msgsnd", queue, struct.pack("l", 1) + MARK, len(MARK), 0)
    facts["message_queue"] = "seal-prey-%d" % os.getpid()
    try:
        call("mq_open", facts["message_queue"].encode(), os.O_CREAT | os.O_RDWR, 0o600, None)
    except OSError:
        facts["message_queue"] = None
    os.environ["PREY"] = MARK.decode()
    sleeper = subprocess.Popen(["sleep", "600"])  # its environment has the mark
    facts["sleeper"] = sleeper.pid
    signals = []
    signal.signal(signal.SIGUSR1, lambda *_: signals.append(1))
    with open(directory + "/prey.new", "w") as file:
        json.dump(facts, file)
    os.rename(directory + "/prey.new", directory + "/prey.json")
    sys.stdin.read()
    sleeper.kill()
    call("keyctl", 21, facts["key"])
    call("shmctl", facts["shm"], 0, None)
    run("ipcrm", "-Q", str(facts["message_key"]))
    run("rm", "-rf", facts["temporary"], "/dev/shm/seal-prey-%d" % os.getpid())
    if facts["message_queue"]:
        libc.mq_unlink(b"/" + facts["message_queue"].encode())
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


# --- attacks ----------------------------------------------------------------------------------

ATTACKS = []
LEFTOVERS = {"whole": [], "basic": [], "old whole": [], "old basic": []}
RARE = []


def attack(name, leftover=(), rare=False):
    """leftover: the seals that are known not to stop it. rare: not every machine gives it."""

    def add(function):
        ATTACKS.append((name, function))
        for kind in leftover:
            LEFTOVERS[kind].append(name)
        if rare:
            RARE.append(name)
        return function

    return add


def has_mark(data):
    return MARK in data


def connect(address):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(5)
    peer.connect(address)
    return has_mark(peer.recv(256))


def in_child(function, facts):
    """In a process of its own, which may change its namespaces or die."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, b"got" if function(facts) else b"no")
        except BaseException as error:
            os.write(writer, ("no " + str(error)).encode())
        os._exit(0)
    os.close(writer)
    answer = b""
    while part := os.read(reader, 256):
        answer += part
    os.close(reader)
    os.waitpid(child, 0)
    return answer == b"got"


def forked(function):
    return lambda facts: in_child(function, facts)


def nested(function):
    """With all rights in namespaces of the attacker's own."""

    def enter(facts):
        user, group = os.getuid(), os.getgid()
        call("unshare", CLONE_NEWUSER | CLONE_NEWNS)
        for path, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % user),
                           ("gid_map", "0 %d 1" % group)):
            with open("/proc/self/" + path, "w") as file:
                file.write(text)
        return function(facts)

    return forked(enter)


def mount(source, target, kind=None, flags=0, data=None):
    call("mount", *[w.encode() if isinstance(w, str) else w for w in (source, target, kind)], flags,
         data.encode() if data else None)


# Keyring and agents, by their sockets.
@attack("secret-tool looks a password up")
def _(facts):
    return has_mark(run("secret-tool", "lookup", "prey", "yes",
                        env=dict(os.environ, DBUS_SESSION_BUS_ADDRESS=facts["bus"])))


@attack("the session bus lists its names")
def _(facts):
    return b"org.freedesktop.secrets" in run(
        "dbus-send", "--bus=" + facts["bus"], "--print-reply", "--dest=org.freedesktop.DBus",
        "/org/freedesktop/DBus", "org.freedesktop.DBus.ListNames")


@attack("the session bus, by dbus-send's own search for one")
def _(facts):
    return b"string" in run(
        "dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus",
        "/org/freedesktop/DBus", "org.freedesktop.DBus.ListNames",
        env=dict(os.environ, XDG_RUNTIME_DIR=facts["runtime"],
                 DBUS_SESSION_BUS_ADDRESS=facts["bus"]))


@attack("the session bus, through the root of another process")
def _(facts):
    path = facts["bus"].split("=")[1].split(",")[0]
    peer = socket.socket(socket.AF_UNIX)
    with_root = "/proc/%d/root%s" % (facts["pid"], path)
    peer.connect(with_root if len(with_root) < 108 else "")
    return True


@attack("gnome-keyring's control socket")
def _(facts):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(facts["runtime"] + "/keyring/control")
    return True


@attack("keys of ssh-agent")
def _(facts):
    return b"prey" in run("ssh-add", "-l",
                          env=dict(os.environ, SSH_AUTH_SOCK=facts["home"] + "/.ssh/agent.sock"))


for place in ("socket in /tmp", "socket in the home", "socket in the working directory",
              "socket in the runtime directory", "socket in /run"):
    attack(place, rare=place == "socket in /run")(
        lambda facts, place=place: connect(facts["sockets"][place]))


@attack("abstract socket", leftover=("old whole",))
def _(facts):
    return connect("\0" + facts["abstract"])


@attack("a hard link to a socket")
def _(facts):
    link = facts["home"] + "/linked"
    os.link(facts["sockets"]["socket in the home"], link)
    try:
        return connect(link)
    finally:
        os.unlink(link)


# keyturn itself.
@attack("keyturn token")
def _(facts):
    return has_mark(run("keyturn", "token", "prey"))


@attack("keyturn run")
def _(facts):
    return has_mark(run("keyturn", "run", "prey", "--", "printenv", "COZE_API_TOKEN"))


@attack("keyturn get, as git asks")
def _(facts):
    return has_mark(run("keyturn", "get", stdin=None,
                        input=b"protocol=https\nhost=api.coze.cn\nusername=prey\n\n"))


@attack("keyturn with settings of the attacker's")
def _(facts):
    return has_mark(run("keyturn", "token", "prey", env=dict(
        os.environ, KEYTURN_VAULT=facts["vault"], KEYTURN_KEYRING="vault",
        KEYTURN_VAULT_KEY_FILE=facts["home"] + "/vault.key")))


# The kernel's keyrings.
def read_key(number):
    buffer = ctypes.create_string_buffer(256)
    size = call("keyctl", 11, number, buffer, 256)
    return has_mark(buffer.raw[:size])


@attack("a key by its number")
def _(facts):
    return read_key(facts["key"])


@attack("a key by its name")
def _(facts):
    return read_key(call("request_key", b"user", facts["key_name"].encode(), None, -4))


@attack("a key into the user's keyring")
def _(facts):
    number = call("add_key", b"user", b"planted", b"x", 1, -4)
    call("keyctl", 9, number, -4)
    return True


@attack("the persistent keyring", rare=True)
def _(facts):
    return call("keyctl", 22, os.getuid(), -2) > 0


@attack("a key in a user namespace of its own")
def _(facts):
    return nested(lambda facts: read_key(facts["key"]))(facts)


@attack("a key as AF_ALG's", rare=True)
def _(facts):
    algorithm = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    algorithm.bind(("hash", "hmac(sha256)"))
    algorithm.setsockopt(socket.SOL_ALG, 7, struct.pack("i", facts["key"]))
    return True


@attack("a socket of AF_ALG", rare=True)
def _(facts):
    socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    return True


def machine_code(code):
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()


@attack("keyctl, as a 32-bit program calls it", rare=True)
@forked
def _(facts):
    # keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0) by int 0x80
    return X86 and ctypes.c_int(machine_code(
        b"\x53\xb8\x20\x01\x00\x00\x31\xdb\xb9\xfc\xff\xff\xff\x31\xd2\xcd\x80\x5b\xc3")).value > 0


@attack("keyctl, as an x32 program calls it", rare=True)
def _(facts):
    return X86 and call(0x40000000 | 250, 0, -4, 0) > 0


@attack("names of keys", leftover=("whole", "basic"))
def _(facts):
    return facts["key_name"].encode() in read_file("/proc/keys", 1 << 20)


# Other processes.
@attack("environment of another process")
def _(facts):
    return has_mark(read_file("/proc/%d/environ" % facts["sleeper"]))


@attack("memory of another process, by /proc")
def _(facts):
    with open("/proc/%d/mem" % facts["pid"], "rb", buffering=0) as memory:
        memory.seek(facts["address"])
        return has_mark(memory.read(64))


@attack("memory of another process, by process_vm_readv")
def _(facts):
    buffer = ctypes.create_string_buffer(64)
    ours = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 64)
    theirs = (ctypes.c_ulong * 2)(facts["address"], 64)
    call("process_vm_readv", facts["pid"], ours, 1, theirs, 1, 0)
    return has_mark(buffer.raw)


@attack("memory map of another process")
def _(facts):
    return len(read_file("/proc/%d/maps" % facts["pid"])) > 0


@attack("ptrace of another process")
@forked
def _(facts):
    call("ptrace", 16, facts["sleeper"], 0, 0)
    os.waitpid(facts["sleeper"], 0x40000000)
    call("ptrace", 17, facts["sleeper"], 0, 0)
    return True


@attack("gdb of another process", rare=True)
def _(facts):
    return b"Inferior 1" in run("gdb", "-batch", "-p", str(facts["sleeper"]), "-ex", "detach")


for entry in ("file", "memfd"):
    attack("open file of another process: " + entry)(
        lambda facts, entry=entry: has_mark(
            read_file("/proc/%d/fd/%d" % (facts["pid"], facts[entry]))))


@attack("open file of another process, by pidfd_getfd")
def _(facts):
    process = call("pidfd_open", facts["pid"], 0)
    return has_mark(os.pread(call("pidfd_getfd", process, facts["memfd"], 0), 64, 0))


@attack("working directory of another process")
def _(facts):
    return bool(os.listdir("/proc/%d/cwd" % facts["pid"]))


@attack("root of another process")
def _(facts):
    return bool(os.listdir("/proc/%d/root" % facts["pid"]))


@attack("kcmp of another process", rare=True)
def _(facts):
    return call("kcmp", facts["pid"], os.getpid(), 1, 0, 0) >= 0


@attack("pages of another process are moved", rare=True)
def _(facts):
    return call("move_pages", facts["pid"], 0, None, None, None, 0) >= 0


@attack("perf of another process", rare=True)
def _(facts):
    attributes = struct.pack("IIQQ", 1, 112, 0, 0) + bytes(88)
    return call("perf_event_open", attributes, facts["pid"], -1, -1, 0) >= 0


@attack("robust list of another process")
def _(facts):
    head, size = ctypes.c_ulong(), ctypes.c_ulong()
    return call("get_robust_list", facts["pid"], ctypes.byref(head), ctypes.byref(size)) >= 0


@attack("limits of another process")
def _(facts):
    call("prlimit64", facts["sleeper"], 4, struct.pack("QQ", 0, 0), None)
    return True


@attack("a signal to another process, by kill", leftover=("old whole", "old basic"))
def _(facts):
    os.kill(facts["pid"], signal.SIGUSR1)
    return True


@attack("a signal to another process, by a pidfd", leftover=("old whole", "old basic"))
def _(facts):
    call("pidfd_send_signal", call("pidfd_open", facts["pid"], 0), signal.SIGUSR1, None, 0)
    return True


@attack("a signal to another thread", leftover=("old whole", "old basic"))
def _(facts):
    call("tgkill", facts["pid"], facts["pid"], signal.SIGUSR1)
    return True


@attack("a signal with a word", leftover=("old whole", "old basic"))
def _(facts):
    call("rt_sigqueueinfo", facts["pid"], signal.SIGUSR1,
         struct.pack("iiii", signal.SIGUSR1, 0, -1, 0) + bytes(112))
    return True


@attack("names of processes", leftover=("whole", "basic"))
def _(facts):
    return b"sleep" in read_file("/proc/%d/cmdline" % facts["sleeper"])


@attack("priority of another process", leftover=("whole", "basic"))
def _(facts):
    call("setpriority", 0, facts["sleeper"], 19)
    return True


# Calls that have been ways around filters, or into the kernel.
@attack("io_uring", rare=True)
def _(facts):
    return call("io_uring_setup", 4, bytes(120)) >= 0


@attack("userfaultfd", rare=True)
def _(facts):
    return call("userfaultfd", 1) >= 0


@attack("bpf", rare=True)
def _(facts):
    return call("bpf", 0, struct.pack("IIII", 2, 4, 4, 1) + bytes(104), 120) >= 0


@attack("a file by its handle", rare=True)
def _(facts):
    handle = struct.pack("Ii", 128, 0) + bytes(128)
    number = ctypes.c_int()
    call("name_to_handle_at", -100, facts["home"].encode(), handle, ctypes.byref(number), 0)
    return True


# Files.
for path in (".local/share/keyrings/other.keyring", "vault.key", ".local/share/keyturn/vault/vault.json"):
    attack("file " + path)(lambda facts, path=path: bool(read_file(facts["home"] + "/" + path)))
    attack("file %s, from the root of this process" % path)(
        lambda facts, path=path: bool(read_file("/proc/self/root" + facts["home"] + "/" + path)))


@attack("the vault's directory")
def _(facts):
    # A name in it tells nothing; what is in the files must not be had.
    names = os.listdir(facts["vault"])
    return any(read_file(facts["vault"] + "/" + name) for name in names)


@attack("keyturn's configuration")
def _(facts):
    directory = facts["home"] + "/.config/keyturn"
    return any(read_file(directory + "/" + name) for name in os.listdir(directory))


@attack("keyturn's configuration is written")
def _(facts):
    write_mark(facts["home"] + "/.config/keyturn/planted")
    os.unlink(facts["home"] + "/.config/keyturn/planted")
    return True


@attack("the vault, by a climb from an open directory")
def _(facts):
    os.chdir(facts["directory"])
    climb = os.open(".", os.O_RDONLY)
    for _ in range(30):
        climb = os.open("..", os.O_RDONLY, dir_fd=climb)
    path = (facts["home"] + "/vault.key").lstrip("/")
    return len(os.read(os.open(path, os.O_RDONLY, dir_fd=climb), 64)) > 0


@attack("/tmp of outside, by a climb from the working directory", leftover=("basic",))
def _(facts):
    climb = os.open(os.getcwd(), os.O_RDONLY)
    for _ in range(30):
        climb = os.open("..", os.O_RDONLY, dir_fd=climb)
    return os.stat(facts["temporary"].lstrip("/"), dir_fd=climb) is not None


@attack("a descriptor that the caller left open")
def _(facts):
    return len(os.pread(9, 64, 0)) > 0


@attack("inotify on the vault", leftover=("basic",))
def _(facts):
    return call("inotify_add_watch", call("inotify_init1", 0), facts["vault"].encode(), 0xFFF) >= 0


@attack("fanotify on the vault", leftover=("basic",), rare=True)
def _(facts):
    group = call("fanotify_init", 0x200, 0)
    return call("fanotify_mark", group, 1, 0x2, -100, (facts["vault"] + "/vault.json").encode()) >= 0


@attack("shared memory in /dev/shm", leftover=("basic",))
def _(facts):
    return has_mark(read_file("/dev/shm/seal-prey-%d" % facts["pid"]))


@attack("shared memory of System V", leftover=("basic",))
def _(facts):
    libc.shmat.restype = ctypes.c_void_p
    address = libc.shmat(facts["shm"], None, 0)
    return address not in (None, ctypes.c_void_p(-1).value) and has_mark(
        ctypes.string_at(address, 64))


@attack("messages of System V", leftover=("basic",))
def _(facts):
    buffer = ctypes.create_string_buffer(256)
    call("msgrcv", call("msgget", facts["message_key"], 0), buffer, 200, 0, 0o4000)
    return has_mark(buffer.raw)


@attack("a message queue of POSIX", leftover=("basic",), rare=True)
def _(facts):
    return call("mq_open", facts["message_queue"].encode(), os.O_RDWR, 0, None) >= 0


@attack("a file of another program with a token", leftover=("whole", "basic"))
def _(facts):
    return has_mark(read_file(facts["home"] + "/.netrc"))


# Namespaces and mounts.
def see_hidden(facts, root=None):
    root = root or facts["home"]
    for path in ("/vault.key", "/.local/share/keyrings/other.keyring"):
        try:
            if read_file(root + path):
                return True
        except OSError:
            pass
    return False


@attack("a cover is taken away, in a namespace of its own")
@nested
def _(facts):
    for path in ("/.local/share/keyrings", "/vault.key"):
        try:
            call("umount2", (facts["home"] + path).encode(), 2)
        except OSError:
            pass
    return see_hidden(facts)


def at_new_place(facts):
    return tempfile.mkdtemp(dir=facts["directory"])


@attack("the home at another place, without what is mounted in it")
@nested
def _(facts):
    place = at_new_place(facts)
    mount(facts["home"], place, None, 4096)
    return see_hidden(facts, place)


@attack("the home at another place, and all taken away there")
@nested
def _(facts):
    place = at_new_place(facts)
    mount(facts["home"], place, None, 4096 | 16384)
    call("mount", None, place.encode(), None, 1 << 18, None)
    for path in ("/.local/share/keyrings", "/vault.key", "/.local/share", "/.local"):
        try:
            call("umount2", (place + path).encode(), 2)
        except OSError:
            pass
    return see_hidden(facts, place)


@attack("the home as a layer of overlayfs", rare=True)
@nested
def _(facts):
    place = at_new_place(facts)
    mount("overlay", place, "overlay", 0, "lowerdir=%s:%s" % (facts["home"], place))
    return see_hidden(facts, place)


@attack("the home as a tree of its own")
@nested
def _(facts):
    tree = call("open_tree", -100, facts["home"].encode(), 1)
    return len(os.read(os.open("vault.key", os.O_RDONLY, dir_fd=tree), 64)) > 0


@attack("a new root that has the home alone")
@nested
def _(facts):
    place = at_new_place(facts)
    mount("none", place, "tmpfs")
    os.mkdir(place + "/old")
    os.mkdir(place + "/home")
    mount(facts["home"], place + "/home", None, 4096)
    call("pivot_root", place.encode(), (place + "/old").encode())
    os.chdir("/")
    return see_hidden(facts, "/home")


@attack("chroot, and a climb out of it")
@nested
def _(facts):
    place = at_new_place(facts)
    outside = os.open("/", os.O_RDONLY)
    os.chroot(place)
    os.fchdir(outside)
    for _ in range(30):
        os.chdir("..")
    os.chroot(".")
    return see_hidden(facts)


@attack("a file that can be read alone is made writable again", leftover=())
@nested
def _(facts):
    path = facts["home"] + "/.bashrc"
    mount(None, path, None, 4096 | 32) if os.path.ismount(path) else None
    with open(path, "ab") as file:
        file.write(b"#")
    return True


@attack("namespaces of another process are opened")
def _(facts):
    return os.open("/proc/%d/ns/user" % facts["pid"], os.O_RDONLY) >= 0


@attack("the namespace above this one", rare=True)
def _(facts):
    own = os.open("/proc/self/ns/user", os.O_RDONLY)
    return fcntl.ioctl(own, 0xB702) >= 0 and call("setns", fcntl.ioctl(own, 0xB702), CLONE_NEWUSER) == 0


@attack("proc of its own shows others", rare=True)
@nested
def _(facts):
    mount("proc", at_new_place(facts), "proc")
    return True


# Terminals and rights.
@attack("another terminal", leftover=("basic",))
def _(facts):
    return os.open(facts["terminal"], os.O_RDWR | os.O_NOCTTY) >= 0


@attack("keys typed for the terminal", rare=True)
@forked
def _(facts):
    master, slave = pty.openpty()
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    fcntl.ioctl(slave, termios.TIOCSTI, b"x")
    return True


@attack("keys typed for the terminal, with a number that the kernel cuts", rare=True)
@forked
def _(facts):
    master, slave = pty.openpty()
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    libc.ioctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p]
    return libc.ioctl(slave, termios.TIOCSTI | 1 << 32, b"x") == 0


@attack("rights of a set-user-ID program", rare=True)
def _(facts):
    return b"euid=0" in run(facts["directory"] + "/setuid-id")


@attack("a crontab", rare=True)
def _(facts):
    run("crontab", "-r")
    return subprocess.run(["crontab", "-"], input=b"# none\n", timeout=10).returncode == 0


@attack("a program by systemd-run", rare=True)
def _(facts):
    return has_mark(run("systemd-run", "--user", "--pipe", "--quiet", "echo", MARK.decode()))


@attack("a bus of another machine, by busctl", rare=True)
def _(facts):
    return b"org.freedesktop" in run("busctl", "--machine=.host", "--user", "list")


@attack("where the kernel sends cores", rare=True)
def _(facts):
    return os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY) >= 0


@attack("a service on loopback", leftover=("whole", "basic"))
def _(facts):
    socket.create_connection(("127.0.0.1", facts["port"]), 5)
    return True


# What runs later, outside.
for path in (".bashrc", ".ssh/authorized_keys", ".config/autostart/a.desktop",
             ".config/systemd/user/a.service"):
    def _write(facts, path=path):
        with open(facts["home"] + "/" + path, "ab") as file:
            file.write(b"#")
        return True

    attack("a line for ~/" + path)(_write)


@attack("another file in the place of ~/.bashrc")
def _(facts):
    path = facts["home"] + "/.bashrc"
    os.rename(path, path + ".old")
    os.rename(path + ".old", path)
    return True


@attack("another directory in the place of ~/.config")
def _(facts):
    path = facts["home"] + "/.config"
    os.rename(path, path + ".old")
    os.rename(path + ".old", path)
    return True


@attack("a new program that starts with the desktop")
def _(facts):
    write_mark(facts["home"] + "/.config/autostart/new.desktop")
    os.unlink(facts["home"] + "/.config/autostart/new.desktop")
    return True


@attack("a start-up file that was not there", leftover=("whole",))
def _(facts):
    path = facts["home"] + "/.zshenv"
    write_mark(path)
    os.unlink(path)
    return True


def attack_all(directory):
    with open(directory + "/prey.json") as file:
        facts = json.load(file)
    facts["directory"] = directory
    facts["vault"] = facts["home"] + "/.local/share/keyturn/vault"
    for name, function in ATTACKS:
        try:
            answer = "got" if function(facts) else "no"
            reason = ""
        except (OSError, KeyError, TypeError, IndexError, subprocess.SubprocessError) as error:
            answer, reason = "no", str(error)
        print(answer, name, flush=True)
        if reason:
            print("#", name + ":", reason, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "prey":
        os.setpgid(0, 0)
        prey(sys.argv[2])
    elif sys.argv[1] == "attack":
        attack_all(sys.argv[2])
    elif sys.argv[1] == "leftovers":
        print("\n".join(name for kind in sys.argv[2:] for name in LEFTOVERS.get(kind, ())))
    elif sys.argv[1] == "rare":
        print("\n".join(RARE))
