"""Media in and out: pictures, video, speech, and the one writer that encodes and muxes."""
