"""Landmarks of the source's face: two ways to find them, and the tracker that follows the face through a video."""
