# shellcheck shell=sh disable=SC2154  # root, venv, has and needs are set by dh
# Makes and extends the environment of the launcher `dh`, which reads this file when there is something to do: `install`
# brings the environment $venv to the set $needs of the checkout $root.

# Sets $python to the interpreter that the environment was made from, or will be.
find_python() {
    probe='import sys
if not (3, 10) <= sys.version_info[:2] <= (3, 12) or "PyPy" in sys.version:
    sys.exit("%s is Python %s" % (sys.argv[1], sys.version.split()[0]))
import ctypes, fcntl, os, ssl, venv, zlib
print(os.path.realpath(sys.executable))'
    found=''
    if [ "${DH_PYTHON-}" ]; then set -- "$DH_PYTHON"; else
        set -- ${has:+"$venv/bin/python"} python3 python3.12 python3.11 python3.10
        if [ "$uv" ]; then set -- "$@" "$(uv python find --no-project '>=3.10,<3.13' 2>/dev/null || :)"; fi
    fi
    for candidate; do
        if ! command -v "$candidate" >/dev/null; then continue; fi
        if python=$("$candidate" -c "$probe" "$candidate" 2>&1); then return; fi
        found="$found${found:+, }$(printf '%s\n' "$python" | tail -n 1)"
    done
    fail "Python 3.10, 3.11 or 3.12 is needed; found ${found:-none}; DH_PYTHON can name one"
}

# Waits until no other launcher works on the environment. The lock is the kernel's, on descriptor 9: it goes with this
# process and those that it starts, however they end.
lock() {
    exec 9>"$venv/dh.lock"
    "$python" -c 'import fcntl, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("dh: waiting for another dh that is setting up this environment", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError:
    pass  # a file system without locks'
}

# Debian keeps pip out of its python3. Puts the pip of its archive into the environment; nothing is installed in the
# system, and its package lists and certificates, which a bare one lacks, are put aside for this once.
fetch_pip() {
    temp=$venv/dh.temp
    (
        mkdir -p "$temp/lists/partial" && cd "$temp" || exit 1
        archive() { apt-get -qq -o APT::Sandbox::User=root -o Acquire::Languages=none -o Dir::Cache="$temp" "$@"; }
        archive download python3-pip-whl ca-certificates 2>/dev/null || {
            lists=Dir::State::Lists=$temp/lists
            archive -o "$lists" update && archive -o "$lists" download python3-pip-whl ca-certificates
        } && for package in *.deb; do dpkg-deb -x "$package" . || exit 1; done
    ) && wheel=$(echo "$temp"/usr/share/python-wheels/pip-*.whl) &&
        "$venv/bin/python" "$wheel/pip" install --quiet --no-index --no-deps "$wheel" || return 1
    if [ ! -e /etc/ssl/certs/ca-certificates.crt ] && [ -z "${PIP_CERT-}" ]; then
        cat "$temp"/usr/share/ca-certificates/mozilla/*.crt >"$temp/certificates"
        export PIP_CERT="$temp/certificates"
    fi
}

# Makes an environment without packages.
create() {
    say "making the environment in $venv from $python, this once"
    find "$venv" -mindepth 1 -maxdepth 1 ! -name dh.lock -exec rm -rf {} +
    if [ "$uv" ]; then
        uv venv --quiet --allow-existing --python "$python" "$venv" || fail "uv cannot make the environment, see above"
    elif "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv "$venv" || fail "$python cannot make the environment, see above"
    else
        { "$python" -m venv --without-pip "$venv" && fetch_pip; } ||
            fail "$python comes without pip and Debian's cannot be fetched: 'apt install python3-venv', or install uv"
    fi
}

pip_install() {
    if [ ! -t 2 ]; then set -- --quiet "$@"; fi
    if [ "$uv" ]; then
        uv pip install --python "$venv/bin/python" --compile-bytecode "$@"
    else
        "$venv/bin/python" -m pip install --no-input --disable-pip-version-check "$@"
    fi
}

install() {
    export UV_PYTHON_DOWNLOADS=never PIP_USER=0
    uv=$(command -v uv || :)
    find_python
    { mkdir -p "$venv" && [ -w "$venv" ]; } 2>/dev/null || fail "cannot write to $venv; DH_VENV can name another folder"
    [ -e "$venv/dh.lock" ] || [ -z "$(ls -A "$venv")" ] ||
        fail "$venv was not made by this command: remove it, or name another folder with DH_VENV"
    lock
    if is_ready; then return; fi # another launcher has done it meanwhile
    sum=$(checksum "$needs")
    # Without its stamp an environment is never used: if this is interrupted, the next call makes it again from nothing.
    trap 'exit 130' INT
    if [ "$has" ]; then mv "$venv/dh.stamp" "$venv/dh.stamp.old"; else create; fi
    say "installing the '$needs' packages with ${uv:-pip}"
    cd "$root" || return
    set --
    for file in $(metadata); do set -- "$@" -e "./${file%/pyproject.toml}"; done
    if pip_install --no-deps --require-hashes --only-binary :all: -r "requirements/$needs.txt" &&
        pip_install --no-deps --no-build-isolation "$@"; then
        printf '%s\n' "$needs" "$root:$venv" "$sum" >"$venv/dh.stamp.new"
        mv "$venv/dh.stamp.new" "$venv/dh.stamp"
        rm -rf "$venv/dh.temp"
    else
        if [ "$has" ]; then mv "$venv/dh.stamp.old" "$venv/dh.stamp"; fi # what was there still works
        fail "the '$needs' packages could not be installed, see above; with a network, the same command tries again"
    fi
}
