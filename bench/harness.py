"""What every bench shares: a kit of data, a running kith, nginx beside it with the same bytes, wrk as
the load, and CPU seconds of the servers' processes. Loopback only, bounded, ends by itself."""

import atexit, http.client, json, os, pathlib, re, shutil, signal, socket, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("KITH_PROGRAM", ROOT / "build/release/kith"))
FIRST_PORT = int(os.environ.get("KITH_BENCH_PORT", "18600"))


def scratch():
    """A folder of this run's own on the disk, gone at its end."""
    if not hasattr(scratch, "path"):
        (ROOT / "build").mkdir(exist_ok=True)
        scratch.path = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "build"))
        atexit.register(shutil.rmtree, scratch.path, True)
    return scratch.path


def kith(*words, **options):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"bench: kith {' '.join(map(str, words))} failed: {done.stderr.strip()}")
    return done.stdout


class Kit:
    """A synthetic community: the 200-user kit, or the large one of 10,000."""

    def __init__(self, users, follows, posts):
        self.users, self.follows = users, follows
        self.data = scratch() / f"kit-{users}"
        began = time.time()
        self.made = ("--users", users, "--follows", follows, "--posts", posts, "--seed", 1)
        kith("import", "network", "--data", self.data, *self.made)
        lines = kith("admin", "token", "create", "--all", "--data", self.data).splitlines()
        self.tokens = [line.split("\t")[1] for line in lines]
        self.names = [line.split("\t")[0] for line in lines]
        self.made_in = time.time() - began

    def bytes_on_disk(self):
        return sum(f.stat().st_size for f in (self.data / "db").rglob("*") if f.is_file())


def free_port():
    port = getattr(free_port, "last", FIRST_PORT - 1) + 1
    while socket.socket().connect_ex(("127.0.0.1", port)) == 0:
        port += 1
    free_port.last = port
    return port


def cpu(pid):
    """User and system seconds of a process and its children that are alive, all threads, to the nanosecond."""
    total = 0.0
    for each in [pid, *children(pid)]:
        try:
            total += time.clock_gettime((~each << 3) | 2)  # its CPUCLOCK_SCHED, as clock_getcpuclockid(3) says it
        except OSError:
            continue
    return total


def cpu_in_kernel(pid):
    """Those of them that the kernel worked for it, to the hundredth."""
    ticks = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[12]
    return int(ticks) / os.sysconf("SC_CLK_TCK")


def children(pid):
    try:
        return [int(c) for c in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


class Process:
    """A server started here and ended here, by its pid."""

    def start(self, words, environment=None):
        self.process = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})
        atexit.register(self.stop)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def cpu(self):
        return cpu(self.process.pid)

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024


class Kith(Process):
    def __init__(self, data, *, words=("serve",), **settings):
        self.port = free_port()
        began = time.perf_counter()
        self.start([PROGRAM, *words, "--data", data, "--listen", f"127.0.0.1:{self.port}"],
                   {"KITH_RATE_LIMITS": "off", "KITH_LOG_LEVEL": "error", **settings})
        while True:
            if self.process.poll() is not None:
                sys.exit("bench: kith serve ended at once")
            try:
                if self.get("/health/ready")[0] == 200:
                    break
            except OSError:
                pass
            if time.perf_counter() - began > 60:
                sys.exit("bench: kith serve is not ready after a minute")
            time.sleep(0.002)
        self.ready_in = time.perf_counter() - began

    def request(self, method, path, token=None, body=None, connection=None):
        one = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        one.request(method, path, body, headers)
        answer = one.getresponse()
        return answer.status, answer.read()

    def get(self, path, token=None, connection=None):
        return self.request("GET", path, token, connection=connection)


class Nginx(Process):
    """nginx serving these bytes as a static file: what the machine can do without thinking."""

    def __init__(self, body):
        self.port = free_port()
        folder = scratch() / f"nginx-{self.port}"
        (folder / "www").mkdir(parents=True)
        (folder / "www" / "body").write_bytes(body)
        (folder / "nginx.conf").write_text(f"""
            daemon off; worker_processes {os.cpu_count()}; pid {folder}/pid; error_log /dev/null;
            events {{ worker_connections 1024; }}
            http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=100;
              client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
              uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; default_type application/json;
              server {{ listen 127.0.0.1:{self.port} reuseport; root {folder}/www; }} }}""")
        if os.geteuid() == 0:
            text = (folder / "nginx.conf").read_text()
            (folder / "nginx.conf").write_text("user root;" + text)
        self.start(["nginx", "-p", folder, "-c", folder / "nginx.conf"])
        for _ in range(200):
            if socket.socket().connect_ex(("127.0.0.1", self.port)) == 0:
                return
            time.sleep(0.02)
        sys.exit("bench: nginx does not start")


def wrk(port, lua, seconds, connections=8):
    """Requests answered, and how many of them were no success."""
    script = scratch() / f"load-{port}.lua"
    script.write_text(lua + """
        done = function(summary, latency, requests)
          io.write(string.format("RESULT %d %d %d\\n", summary.requests,
            summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
            latency:percentile(99)))
        end""")
    run = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}"],
                         capture_output=True, text=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+)", run.stdout)
    if not found:
        sys.exit(f"bench: wrk said {run.stdout} {run.stderr}")
    requests, failed, p99 = map(int, found.groups())
    return requests, failed, p99


def lua_list(name, values):
    return f"local {name} = {{" + ",".join(json.dumps(v) for v in values) + "}\n"


def get_in_turn(paths, tokens=None):
    """Each request another path and another person, in an order that does not follow the data's."""
    lua = lua_list("paths", paths) + "local n = 0\n"
    if tokens:
        lua += lua_list("tokens", tokens)
        headers = 'local h = {["Authorization"] = "Bearer " .. tokens[(n * 7919) % #tokens + 1]}'
    else:
        headers = "local h = {}"
    return lua + f"""
        request = function()
          n = n + 1
          {headers}
          return wrk.format("GET", paths[(n * 104729) % #paths + 1], h)
        end
        """


class Row:
    def __init__(self, name, milliseconds, goal, nginx=None, p99=None, note=""):
        self.name, self.milliseconds, self.goal, self.nginx, self.p99, self.note = name, milliseconds, goal, nginx, p99, note

    def __str__(self):
        beside = f"{self.milliseconds / self.nginx:5.1f} x nginx" if self.nginx else " " * 13
        verdict = "" if self.goal is None else ("  within" if self.milliseconds <= self.goal else "  OVER  ") + f" {self.goal}"
        tail = f"  p99 {self.p99 / 1000:.1f} ms" if self.p99 else ""
        return f"{self.name:44} {self.milliseconds:8.4f} CPU s per 1,000  {beside}{verdict}{tail}  {self.note}".rstrip()


def nginx_with(body, seconds, connections=8):
    """CPU seconds per 1,000 requests for these bytes, and the 99th percentile in microseconds."""
    nginx = Nginx(body)
    plain = get_in_turn(["/body"])
    wrk(nginx.port, plain, 1)
    before = nginx.cpu()
    count, _, p99 = wrk(nginx.port, plain, seconds, connections)
    spent = (nginx.cpu() - before) / count * 1000
    nginx.stop()
    return spent, p99


def measure_get(server, name, paths, tokens, goal, seconds, warm=None, beside_nginx=True):
    """CPU of kith per request, warm, and of nginx serving the answer to the first of them."""
    lua = get_in_turn(paths, tokens)
    wrk(server.port, lua, warm or seconds)
    before = server.cpu()
    requests, failed, p99 = wrk(server.port, lua, seconds)
    spent = server.cpu() - before
    if failed or requests == 0:
        sys.exit(f"bench: {name}: {failed} of {requests} requests failed")
    status, body = server.get(paths[0], tokens[0] if tokens else None)
    beside = nginx_with(body, seconds)[0] if beside_nginx else None
    return Row(name, spent / requests * 1000, goal, beside, p99, f"{len(body)} bytes")
