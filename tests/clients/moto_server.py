"""moto's server, with what S3 promises of conditional writes: moto looks whether an object is there, and then writes it, while another
thread may do the same. Takes the arguments of `moto_server`."""

import threading

from moto.s3.responses import S3Response
from moto.server import main

GUARD = threading.RLock()
WRITE = S3Response.put_object


def put_object(self):
    """One write at a time."""
    with GUARD:
        return WRITE(self)


S3Response.put_object = put_object
main()
