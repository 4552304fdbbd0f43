"""Face-mesh method: a MediaPipe face-mesh avatar, a CPU renderer in the ARKit motion space, a viseme driver."""
