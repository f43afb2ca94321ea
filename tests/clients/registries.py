"""Registries for tests: certificates, images, the `docker-registry` program, and a small one of our own."""

import base64
import contextlib
import datetime
import hashlib
import http.server
import json
import shutil
import ssl
import subprocess
import threading
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOCKER_REGISTRY = shutil.which("docker-registry")

HOST = "registry.example.com"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


class Authority:
    """A certificate authority that nobody else knows."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.path = folder / "authority.pem"
        certificate = self.signed(self.name, self.key.public_key(), authority=True)
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def signed(self, subject, public, authority=False, host=HOST, begin=-1, days=90):
        today = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today + datetime.timedelta(days=begin))
            .not_valid_after(today + datetime.timedelta(days=begin + days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def identity(self, name, host=HOST, begin=-1, days=90):
        """Paths of a certificate and its key, for a host, valid for some days from some day relative to today."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self.signed(subject, key.public_key(), host=host, begin=begin, days=days)
        paths = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Image:
    """An image of one small layer: blobs, and the manifest."""

    def __init__(self, architecture="amd64", oci=False):
        config = json.dumps({"os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}})
        layer = b"layer of " + architecture.encode()
        self.blobs = {digest(blob): blob for blob in (config.encode(), layer)}
        self.media_type = OCI if oci else DOCKER
        layer_type = (
            "application/vnd.oci.image.layer.v1.tar+gzip" if oci else "application/vnd.docker.image.rootfs.diff.tar.gzip"
        )
        self.manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": self.media_type,
                "config": {
                    "mediaType": OCI_CONFIG if oci else DOCKER_CONFIG,
                    "digest": digest(config.encode()),
                    "size": len(config),
                },
                "layers": [{"mediaType": layer_type, "digest": digest(layer), "size": len(layer)}],
            }
        ).encode()
        self.digest = digest(self.manifest)
        self.platform = {"os": "linux", "architecture": architecture}

    def entry(self):
        return {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": len(self.manifest),
            "platform": self.platform,
        }


class Registry:
    """A running registry; pushes over its own API."""

    def __init__(self, port, scheme, credentials=None):
        self.port, self.url, self.credentials = port, f"{scheme}://127.0.0.1:{port}", credentials

    def call(self, method, url, content=None, **headers):
        url = url if url.startswith("http") else self.url + url
        request = urllib.request.Request(url, content, method=method)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if self.credentials:
            token = base64.b64encode(":".join(self.credentials).encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        trusting = ssl._create_unverified_context()
        with urllib.request.urlopen(request, timeout=10, context=trusting) as answer:
            return answer.headers

    def push_blob(self, repository, content):
        # The registry answers with the URL under which it believes to be known.
        upload = self.call("POST", f"/v2/{repository}/blobs/uploads/", b"")["Location"]
        upload = self.url + "/" + upload.split("/", 3)[3] if upload.startswith("http") else self.url + upload
        joint = "&" if "?" in upload else "?"
        self.call("PUT", f"{upload}{joint}digest={digest(content)}", content, Content_Type="application/octet-stream")

    def push(self, repository, tag, image):
        for blob in image.blobs.values():
            self.push_blob(repository, blob)
        self.push_manifest(repository, tag, image.media_type, image.manifest)

    def push_manifest(self, repository, tag, media_type, content):
        headers = self.call("PUT", f"/v2/{repository}/manifests/{tag}", content, Content_Type=media_type)
        assert headers["Docker-Content-Digest"] == digest(content)


def configuration(folder, port, identity=None, htpasswd=None):
    """The configuration file of a `docker-registry`."""
    settings = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / f"storage-{port}")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    if identity:
        settings["http"]["tls"] = {"certificate": str(identity[0]), "key": str(identity[1])}
    if htpasswd:
        settings["auth"] = {"htpasswd": {"realm": "test", "path": str(htpasswd)}}
    path = folder / f"registry-{port}.yml"
    # JSON is YAML.
    path.write_text(json.dumps(settings))
    return path


@contextlib.contextmanager
def small_registry(identity, images):
    """A registry of our own, for where `docker-registry` is not installed; `images` by `repository:tag`."""
    content = {"/v2/": ("application/json", b"{}")}
    for name, image in images.items():
        repository, tag = name.split(":")
        for reference in (tag, image.digest):
            content[f"/v2/{repository}/manifests/{reference}"] = (image.media_type, image.manifest)
        for blob_digest, blob in image.blobs.items():
            content[f"/v2/{repository}/blobs/{blob_digest}"] = ("application/octet-stream", blob)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            media_type, body = content.get(self.path, ("application/json", b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'))
            self.send_response(200 if self.path in content else 404)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*identity)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Registry(server.server_address[1], "https")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def start(folder, port, identity=None, htpasswd=None):
    """Starts a `docker-registry`; the caller ends it."""
    command = [DOCKER_REGISTRY, "serve", str(configuration(folder, port, identity, htpasswd))]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
