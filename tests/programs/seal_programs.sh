# SPDX-License-Identifier: MIT
#
#	seal_programs.sh DIRECTORY [NAME...]
#
# Ordinary programs, as a developer or an agent starts them, in a seal or without one: a line "works
# NAME" or "fails NAME" each; "absent NAME" where this machine has none. All of them, or those named.

directory=$1
shift
wanted=$*

# program NAME PROGRAM <<SCRIPT: runs the script in a directory of its own.
program()
{
	case " $wanted " in
	"  " | *" $1 "*) ;;
	*)
		cat >/dev/null
		return
		;;
	esac
	if ! command -v "$2" >/dev/null; then
		cat >/dev/null
		echo "absent $1"
		return
	fi
	place=$(mktemp -d "$directory/$1.XXXXXX")
	cat >"$place/.script"
	if (cd "$place" && timeout 120 sh -eu .script) >"$directory/$1.log" 2>&1 </dev/null; then
		echo "works $1"
	else
		echo "fails $1"
	fi
	rm -rf "$place"
}

program git git <<'END'
git init -q here
cd here
git -c user.name=x -c user.email=x@example.com commit -q --allow-empty -m one
git clone -q . ../there
cd ../there
git fetch -q
END
program git-settings git <<'END'
git config --file "$HOME/.config/git-test" user.name x
rm "$HOME/.config/git-test"
END
program new-file-in-home sh <<'END'
echo x >"$HOME/.new-file"
rm "$HOME/.new-file"
END
program caches sh <<'END'
mkdir -p "$HOME/.cache/seal-test"
echo x >"$HOME/.cache/seal-test/file"
mv "$HOME/.cache/seal-test" "$HOME/.cache/seal-test.new"
rm -r "$HOME/.cache/seal-test.new"
END
program temporary-files sh <<'END'
file=$(mktemp)
echo x >"$file"
seq 100000 | sort -S 1M | tail -n 1
END
program terminal script <<'END'
script -qec 'test -t 0 && stty size && echo asked >/dev/tty' /dev/null
END
program job-control script <<'END'
script -qec 'sh -mc "sleep 30 & kill -STOP %1 && kill -CONT %1 && kill %1"' /dev/null
END
program tmux tmux <<'END'
tmux -L seal -f /dev/null new-session -d 'sleep 60'
tmux -L seal list-sessions | grep -q .
tmux -L seal kill-server
END
program python-venv python3 <<'END'
python3 -m venv --without-pip v
v/bin/python -c 'import ssl, sqlite3, json'
END
program pip python3 <<'END'
python3 - <<'PYTHON'
import zipfile
with zipfile.ZipFile("thing-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("thing.py", "print('hello')\n")
    wheel.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    wheel.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr("thing-1.0.dist-info/RECORD", "")
PYTHON
PYTHONPATH=$(echo /usr/share/python-wheels/pip-*.whl) \
	python3 -m pip install --no-index --disable-pip-version-check --target there ./thing-1.0-py3-none-any.whl
PYTHONPATH=there python3 -m thing | grep -q hello
END
program cargo cargo <<'END'
CARGO_HOME=$PWD/home
export CARGO_HOME
cargo new --quiet --vcs none thing
cd thing
cargo run --quiet --offline | grep -q Hello
END
program python-processes python3 <<'END'
python3 - <<'PYTHON'
import multiprocessing
from multiprocessing import shared_memory
if __name__ == "__main__":
    memory = shared_memory.SharedMemory(create=True, size=64)
    memory.unlink()
    with multiprocessing.Manager() as manager:
        assert list(manager.list([1, 2])) == [1, 2]
    lock = multiprocessing.Lock()
PYTHON
END
program python-asyncio python3 <<'END'
python3 - <<'PYTHON'
import asyncio
async def main():
    child = await asyncio.create_subprocess_exec("true")
    assert await child.wait() == 0
    server = await asyncio.start_unix_server(lambda r, w: w.close(), "socket")
    await asyncio.open_unix_connection("socket")
    server.close()
asyncio.run(main())
PYTHON
END
program python-threads python3 <<'END'
python3 -c 'import concurrent.futures as f; print(list(f.ThreadPoolExecutor(4).map(abs, range(9))))'
END
program node node <<'END'
node -e 'const w = require("worker_threads"); new w.Worker("1", { eval: true }).on("exit", process.exit)'
END
program node-socket node <<'END'
node -e 'const net = require("net"); const s = net.createServer(c => c.end()).listen("socket", () =>
	net.connect("socket").on("close", () => s.close()).resume())'
END
program node-children node <<'END'
node -e 'require("child_process").fork("-e", [], { execArgv: ["-e", "process.send(1); process.disconnect()"] })
	.on("message", () => process.exit(0))'
END
program node-watch node <<'END'
node -e 'const fs = require("fs"); fs.watch(".", () => process.exit(0)); setTimeout(() => fs.writeFileSync("x", ""), 50)'
END
program npm npm <<'END'
npm init -y
npm pkg set scripts.hello='echo hello'
npm run --silent hello | grep -q hello
END
program npm-install npm <<'END'
mkdir -p package
echo '{"name":"package","version":"1.0.0","bin":"cli.js"}' >package/package.json
echo '#!/usr/bin/env node' >package/cli.js
npm init -y
npm install --offline --no-audit --no-fund ./package
npx --no-install package
END
program gcc gcc <<'END'
echo 'int main(void) { return 0; }' >a.c
printf 'a: a.c\n\tgcc -g -o a a.c\n' >Makefile
make -j2
./a
END
program gdb gdb <<'END'
gdb -batch -nx -ex 'break main' -ex run -ex kill /bin/true 2>&1 | tee log
! grep -qi 'not permitted\|could not trace' log
END
program strace strace <<'END'
strace -f -o log sh -c true
grep -q execve log
END
program perl perl <<'END'
perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die; fork or exit; wait'
END
program perl-locks perl <<'END'
perl -e 'open my $f, ">", "lock"; use Fcntl ":flock"; flock($f, LOCK_EX | LOCK_NB) or die'
END
program gpg gpg <<'END'
GNUPGHOME=$HOME/.gpg-seal
export GNUPGHOME
mkdir -p -m 700 "$GNUPGHOME"
gpg --batch --passphrase '' --quick-gen-key x@example.com ed25519 sign never
echo x | gpg --batch --sign >signed
gpg --verify signed
gpgconf --kill all
rm -rf "$GNUPGHOME"
END
program ssh-keys ssh-keygen <<'END'
ssh-keygen -q -t ed25519 -N '' -f key
END
program own-ssh-agent ssh-agent <<'END'
ssh-keygen -q -t ed25519 -N '' -f key
ssh-agent sh -c 'ssh-add -q key && ssh-add -l'
END
program openssl openssl <<'END'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout k -out c
END
program curl curl <<'END'
python3 -u -m http.server 0 --bind 127.0.0.1 >log 2>&1 &
server=$!
while ! grep -q 'port [0-9]' log; do sleep 0.05; done
curl -sf --noproxy '*' "http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' log)/"
kill $server
END
program sqlite python3 <<'END'
python3 -c 'import sqlite3; d = sqlite3.connect("d"); d.execute("pragma journal_mode=wal"); d.execute("create table t (a)")'
END
program nested-namespaces unshare <<'END'
unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /mnt && touch /mnt/x'
END
program nested-processes unshare <<'END'
unshare --user --map-root-user --pid --fork --mount-proc sh -c '[ $$ -eq 1 ] && ls /proc/1'
END
program bwrap bwrap <<'END'
bwrap --ro-bind / / --dev /dev --proc /proc --unshare-all true
END
program archives tar <<'END'
mkdir d
echo x >d/f
ln d/f d/g
ln -s f d/h
tar -cf a.tar d
tar -xf a.tar -C "$(mktemp -d)"
END
program processes ps <<'END'
sleep 30 &
ps -p $! -o comm=
kill $!
END
program java javac <<'END'
echo 'class A { public static void main(String[] a) { System.out.println("x"); } }' >A.java
javac A.java
java -cp . A
END
program faketime faketime <<'END'
faketime '2030-01-01' date | grep -q 2030
END
program go go <<'END'
GOFLAGS=-mod=mod GOCACHE=$PWD/cache GOPATH=$PWD/path go env GOROOT
echo 'package main
func main() {}' >a.go
gofmt -l a.go
END
program sudo sudo <<'END'
sudo -n -l 2>&1 | tee log
! grep -q 'no new privileges' log
END
