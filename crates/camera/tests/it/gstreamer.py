#!/usr/bin/python3
"""RTSP streams by GStreamer's server: a witness that shares no code with ours.

    gstreamer.py USER PASSWORD      prints two ports on 127.0.0.1, serves until its standard input closes

At /NAME the first port needs no password, the second wants USER and PASSWORD (digest).
"""
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
PICTURE = "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=25/1"
H264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10"
TONE = "audiotestsrc is-live=true wave=sine freq=440"
AAC = f"{TONE} ! audio/x-raw,rate=16000,channels=1 ! avenc_aac ! rtpmp4gpay name=pay1 pt=97"
PCMU = f"{TONE} ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0"
STREAMS = {
    "h264": f"{PICTURE} ! {H264} ! rtph264pay name=pay0 pt=96",
    "h264-aac": f"{PICTURE} ! {H264} ! rtph264pay name=pay0 pt=96 {AAC}",
    "h264-pcmu": f"{PICTURE} ! {H264} ! rtph264pay name=pay0 pt=96 {PCMU}",
    "h264-inband": f"{PICTURE} ! {H264} ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h264-b": f"{PICTURE} ! x264enc speed-preset=ultrafast bframes=2 b-adapt=false key-int-max=12 rc-lookahead=0"
    " sliced-threads=true sync-lookahead=0 ! video/x-h264,profile=main ! rtph264pay name=pay0 pt=96",
    "h265": f"{PICTURE} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10"
    " option-string=bframes=0 ! rtph265pay name=pay0 pt=96",
    "mjpeg": f"{PICTURE} ! jpegenc ! rtpjpegpay name=pay0 pt=26",
    "sound-only": f"{TONE} ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay0 pt=0",
}

user, password = sys.argv[1:3]


def serve(auth):
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if auth:
        server.set_auth(auth)
    for name, launch in STREAMS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {launch} )")
        factory.set_shared(True)
        factory.add_role_from_structure(Gst.Structure.new_from_string(
            "user,media.factory.access=(boolean)true,media.factory.construct=(boolean)true"
        ))
        server.get_mount_points().add_factory(f"/{name}", factory)
    server.attach(None)
    return server


auth = GstRtspServer.RTSPAuth()
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "user")
auth.add_digest(user, password, token)
servers = [serve(None), serve(auth)]
print(*(server.get_bound_port() for server in servers), flush=True)
loop = GLib.MainLoop()


def until_closed():
    sys.stdin.read()
    loop.quit()


threading.Thread(target=until_closed, daemon=True).start()
loop.run()
