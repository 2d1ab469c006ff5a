"""A certificate authority that a test run is itself, with the openssl program."""

import pathlib
import subprocess


def openssl(*words, given=None):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, input=given).stdout


class Authority:
    def __init__(self, folder, name="kith for tests"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate, self.key = self.folder / "authority.pem", self.folder / "authority.key"
        self._new_key(self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-sha256", "-days", "30", "-subj", f"/CN={name}", "-addext",
                "keyUsage=critical,keyCertSign", "-out", self.certificate)

    def _new_key(self, file):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file)

    def issue(self, name, days=1):
        """The settings of a process that is called so; days below zero: one that has expired."""
        key, certificate, extensions = (self.folder / f"{name}.{end}" for end in ("key", "pem", "ext"))
        self._new_key(key)
        extensions.write_text(f"subjectAltName=DNS:{name}.kith.internal\nextendedKeyUsage=serverAuth,clientAuth\n")
        request = openssl("req", "-new", "-key", key, "-subj", f"/CN={name}")
        openssl("x509", "-req", "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-sha256", "-days",
                str(days), "-extfile", extensions, "-out", certificate, given=request)
        return {"KITH_RPC_CERTIFICATE": str(certificate), "KITH_RPC_KEY": str(key),
                "KITH_RPC_AUTHORITY": str(self.certificate)}
