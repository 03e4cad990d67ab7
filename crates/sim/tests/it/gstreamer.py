#!/usr/bin/python3
"""Reads an RTSP stream with GStreamer's rtspsrc: a witness that shares no code with ours.

    gstreamer.py URL tcp|udp video|audio "ELEMENT ! ELEMENT"     exits 0 once 40 buffers came out of the elements

Why not gst-launch: it links pads as they appear and fails when those of the other media come first and have data
already, and its exit status tells how its teardown went as well.
"""
import os
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

WANTED = 40


def main(url, transport, media, elements):
    Gst.init(None)
    loop = GLib.MainLoop()
    pipeline = Gst.Pipeline.new()
    source = Gst.ElementFactory.make("rtspsrc")
    for name, value in (("location", url), ("user-id", "root"), ("user-pw", "pass"), ("latency", 0)):
        source.set_property(name, value)
    Gst.util_set_object_arg(source, "protocols", transport)
    chain = Gst.parse_bin_from_description(f"{elements} ! fakesink name=end sync=false signal-handoffs=true", True)
    pipeline.add(source)
    pipeline.add(chain)
    count = 0

    def came(*_):
        nonlocal count
        count += 1
        if count == WANTED:
            # The witness has seen what it came for; its teardown is not what is tested.
            os._exit(0)

    def linked(_, pad):
        caps = pad.get_current_caps() or pad.query_caps(None)
        if caps.get_structure(0).get_string("media") == media:
            pad.link(chain.get_static_pad("sink"))
            return
        other = Gst.ElementFactory.make("fakesink")
        other.set_property("sync", False)
        pipeline.add(other)
        other.sync_state_with_parent()
        pad.link(other.get_static_pad("sink"))

    def told(_, message):
        if message.type == Gst.MessageType.ERROR:
            print(*message.parse_error(), file=sys.stderr)
            os._exit(1)
        if message.type == Gst.MessageType.EOS:
            print(f"ended after {count} buffers", file=sys.stderr)
            os._exit(1)

    chain.get_by_name("end").connect("handoff", came)
    source.connect("pad-added", linked)
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", told)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()


main(*sys.argv[1:])
