"""arrivals MUSTER SOURCE: files that arrive drop by drop while muster looks at their folders again and again (promise P1).

If this failed, a file would be read before its last member had arrived, or never be read at all. TAP on stdout.
"""
import hashlib
import os
import random
import sys
import tempfile
import threading
import time

from workspace import DAYS, Workspace, case, results

FILES = 16  # for each policy
SEED = 20260302
SECONDS_MAX = 120
STALLS = os.path.isdir("/proc/self/fd")  # a writer who pauses is seen there, or not at all

PROFILES = {
    "rename": "arrival: rename\n",
    "marker": "arrival: done-marker\n",
    "checksum": "arrival: done-marker\n",
    "settle": "arrival: settle\nsettle_seconds: 1\n",
}


def sender(policy):
    return "DRIP" + policy.upper()[:4]


def content(policy, number):
    """A file of some kilobytes: one record of somebody whom nobody knows."""
    gs = sender(policy)
    body = ("ST*834*0001*005010X220A1~BGN*00*R%d*20260302*0200****2~REF*38*G1001~N1*P5*NOBODY*FI*940001111~"
            "N1*IN*PLAN*FI*009998877~INS*Y*18*001*25*A***FT~REF*0F*U%s%d~NM1*IL*1*ROE*ALEX~HD*001**HLT*P1*EMP~"
            "DTP*348*D8*20260101~" % (number, policy[:1], number))
    count = body.count("~") + 1
    return ("ISA*00*          *00*          *ZZ*%-15s*ZZ*MUSTERHEALTH   *260302*0200*^*00501*%09d*0*P*:~"
            "GS*BE*%s*MUSTERHEALTH*20260302*0200*%d*X*005010X220A1~%sSE*%d*0001~GE*1*%d~IEA*1*%09d~" % (
                gs, number, gs, number, body, count, number, number)).encode() + b"\n" * (number * 700)


class Dripper(threading.Thread):
    """A partner: writes his files in pieces of 1 byte to 64 KiB, with pauses about as long as the time to settle."""

    def __init__(self, folder, policy):
        super().__init__()
        self.folder, self.policy, self.random = folder, policy, random.Random(SEED + len(policy))
        self.sent = {}

    def drip(self, path, data, stalls=False):
        with open(path, "wb", buffering=0) as out:
            while data:
                piece = min(len(data), self.random.choice([1, 7, 300, 4096, 65536]))
                out.write(data[:piece])
                data = data[piece:]
                if self.random.random() < 0.25:
                    time.sleep(self.random.choice([0.01, 0.05, 0.1, 0.3]))
                if stalls:  # longer than it takes to settle
                    time.sleep(1.5)
                    stalls = False

    def run(self):
        for number in range(1, FILES + 1):
            name = "%s%02d.834" % (self.policy, number)
            path, data = os.path.join(self.folder, name), content(self.policy, number)
            self.sent[name] = hashlib.sha256(data).hexdigest()
            if self.policy == "rename":
                self.drip(path + ".part", data, STALLS and number % 4 == 0)
                os.rename(path + ".part", path)
                continue
            if self.policy == "checksum" and number % 2 == 1:  # the checksum comes first: it says of which bytes
                self.drip(path + ".sha256", ("%s  %s\n" % (self.sent[name], name)).encode())
            self.drip(path, data, STALLS and number % 4 == 0)
            if self.policy == "checksum" and number % 2 == 0:
                self.drip(path + ".sha256", ("SHA256 (%s) = %s\n" % (name, self.sent[name])).encode())
            if self.policy == "marker":
                self.drip(path + ".done", b"")


def left(site):
    return [name for policy in PROFILES for name in os.listdir(os.path.join(site.folder, "in", policy))]


def drip_all(site):
    faults = []
    drippers = []
    for policy, profile in PROFILES.items():
        with open(os.path.join(site.folder, "partners", policy + ".yaml"), "w", encoding="ascii") as out:
            out.write(profile + "isa_sender: %s\n" % sender(policy))
        os.mkdir(os.path.join(site.folder, "in", policy))
        drippers.append(Dripper(os.path.join(site.folder, "in", policy), policy))
    for dripper in drippers:
        dripper.start()
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until and (any(dripper.is_alive() for dripper in drippers) or left(site)):
        status, _, err = site.muster("--as-of", DAYS[1], "-q", "run")
        # 65: a checksum is there before its file is.
        if status not in (0, 65):
            faults.append("run ended with %d: %s" % (status, err))
            break
    for dripper in drippers:
        dripper.join()
    got = dict(site.rows("SELECT name, lower(hex(sha256)) FROM files"))
    want = {name: digest for dripper in drippers for name, digest in dripper.sent.items()}
    faults += ["%s was claimed before it was whole" % name for name in want if got.get(name, want[name]) != want[name]]
    faults += ["%s was never claimed" % name for name in want if name not in got]
    faults += ["%s was taken for a file" % name for name in got if name not in want]
    faults += ["left in the drop folders: %s" % left(site)] if left(site) else []
    print("# %d files, seed %d: %d claimed early, %d never" % (
        len(want), SEED, sum(got.get(name, digest) != digest for name, digest in want.items()), len(set(want) - set(got))))
    return faults


def main():
    with tempfile.TemporaryDirectory() as scratch:
        site = Workspace(os.path.join(scratch, "w"))
        case("files that arrive drop by drop are claimed whole, and all of them", site.make() or drip_all(site))
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
