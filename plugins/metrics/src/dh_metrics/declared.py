"""The metrics that need no weights: what each measures and how, in the words that reports show."""

from __future__ import annotations

from dataclasses import replace

import dh

_LICENCE = dh.Licence(name="Apache-2.0", commercial="allowed")

_FIDELITY = (
    dh.MetricSpec(
        name="psnr",
        title="PSNR",
        summary="peak signal-to-noise ratio against a reference video",
        explanation=(
            "How close each pixel is to the reference's at the same time: the peak signal-to-noise ratio of the RGB "
            "values of each frame, averaged over the frames. A frame that equals the reference would be infinitely "
            "good; it counts as 100 dB. Above 40 dB a difference is hard to see; a face that is a few pixels off gives "
            "about 20 dB, however good it looks."
        ),
        implementation="dh_metrics.fidelity:Psnr",
        unit="dB",
        higher_is_better=True,
        needs=("reference",),
    ),
    dh.MetricSpec(
        name="ssim",
        title="SSIM",
        summary="structural similarity to a reference video",
        explanation=(
            "How alike the local structure of each frame and of the reference's frame at the same time is: SSIM of the "
            "luma in Gaussian windows of 1.5 pixels, as its authors define it (Wang et al. 2004), averaged over the "
            "frames. 1 is identical; above 0.95 is very close. A still background raises it, so compare videos of the "
            "same picture only."
        ),
        implementation="dh_metrics.fidelity:Ssim",
        unit="",
        higher_is_better=True,
        needs=("reference",),
    ),
    dh.MetricSpec(
        name="landmark-distance",
        title="Landmark distance",
        summary="distance of the face's 478 landmarks from a reference video's",
        explanation=(
            "How far the face's landmarks lie from the reference's at the same time, on average over 478 points and "
            "all frames in which both show a face, in hundredths of the reference's distance between the outer eye "
            "corners. Position, turn and size of the head are aligned first, so only the expression counts. A video "
            "that is coded a second time reads about 0.5 %; the same person saying something else, from 1.5 % on."
        ),
        implementation="dh_metrics.likeness:LandmarkDistance",
        unit="% of eye distance",
        higher_is_better=False,
        needs=("reference",),
    ),
    dh.MetricSpec(
        name="mouth-landmark-distance",
        title="Mouth landmark distance",
        summary="the same of the lips' landmarks alone",
        explanation=(
            "The landmark distance of the 40 points of the inner and outer lips alone: how closely the mouth does what "
            "the reference's mouth does. Position, turn and size of the head are aligned first, by points that speech "
            "does not move. A video that is coded a second time reads about 0.7 %, one whose mouth is 2 frames late "
            "2.6 %, and one that says something else 3.5 % and more."
        ),
        implementation="dh_metrics.likeness:MouthLandmarkDistance",
        unit="% of eye distance",
        higher_is_better=False,
        needs=("reference",),
    ),
)

_LIPS = (
    dh.MetricSpec(
        name="mouth-audio-correlation",
        title="Mouth-audio correlation",
        summary="how the mouth's opening follows the loudness of the speech",
        explanation=(
            "How well the opening of the mouth follows the loudness of the speech: Pearson's correlation of the two "
            "curves, both smoothed over 30 ms, at the shift within half a second where they agree best. Loudness is "
            "the energy between 150 and 4000 Hz to the power 0.3. Recorded people reach 0.3 to 0.7; 0 means that the "
            "mouth does not listen. It knows loudness only, not which sound is spoken."
        ),
        implementation="dh_metrics.lips:MouthAudioCorrelation",
        unit="",
        higher_is_better=True,
        needs=("audio",),
    ),
    dh.MetricSpec(
        name="mouth-audio-lag",
        title="Mouth-audio lag",
        summary="frames by which the mouth comes after the sound",
        explanation=(
            "The shift at which the mouth's opening and the loudness of the speech agree best, in frames: positive, "
            "the mouth is late; negative, it is early. Viewers begin to notice a mouth that is 125 ms early or 45 ms "
            "late (ITU-R BT.1359). Mouths open a little before they sound, so 0 to -3 frames are natural."
        ),
        implementation="dh_metrics.lips:MouthAudioLag",
        unit="frames",
        higher_is_better=None,
        needs=("audio",),
    ),
    dh.MetricSpec(
        name="silent-lip-motion",
        title="Lip motion in silence",
        summary="how fast the mouth opens and closes while nobody speaks",
        explanation=(
            "How much the mouth moves while nothing is said: the mean speed at which the inner lips open or close in "
            "pauses, in hundredths of the face's height per second. A pause is where the speech is quieter than 5 % of "
            "its loud parts, at least 0.16 s away from anything louder. Below 2 is a mouth at rest, which includes the "
            "detector's own noise; above 10 it chews on nothing."
        ),
        implementation="dh_metrics.lips:SilentLipMotion",
        unit="% of face height/s",
        higher_is_better=False,
        needs=("audio",),
    ),
)

_MOTION = (
    dh.MetricSpec(
        name="jitter",
        title="Jitter",
        summary="trembling of the face from frame to frame",
        explanation=(
            "How much the face trembles: the standard deviation of the noise on the path of points that neither speech "
            "nor blinks move, estimated from second differences (Gasser, Sroka and Jennen-Steinmetz 1986), in "
            "hundredths of the face's height. Steady motion counts as none. Recordings read about 0.05 to 0.15, most "
            "of it the detector's own noise; above 0.3 trembling shows."
        ),
        implementation="dh_metrics.motion:Jitter",
        unit="% of face height",
        higher_is_better=False,
    ),
    dh.MetricSpec(
        name="blink-rate",
        title="Blink rate",
        summary="blinks per minute",
        explanation=(
            "How often the eyes blink: dips of the eyes' opening below half of its usual (median) size that end above "
            "70 % of it within 0.6 s, per minute in which a face is seen. People blink about 17 times a minute at rest "
            "and 26 times in conversation (Bentivoglio et al. 1997); anything from 8 to 35 looks natural. In a short "
            "video one blink more or less changes it a lot."
        ),
        implementation="dh_metrics.motion:BlinkRate",
        unit="1/min",
        higher_is_better=None,
    ),
    dh.MetricSpec(
        name="freezes",
        title="Freezes",
        summary="seconds in which the picture stands still",
        explanation=(
            "How long the picture stands still: seconds of frames that repeat the ones before, where that lasts 0.4 s "
            "or more. A frame repeats them if no small block of the face's surroundings (of the whole frame, where "
            "there is no face) differs by more than the coding of a still picture makes it. 0 is what it should be; a "
            "still picture reads its whole length. Coarsely coded videos hide freezes."
        ),
        implementation="dh_metrics.freezes:Freezes",
        unit="s",
        higher_is_better=False,
    ),
    dh.MetricSpec(
        name="head-variety",
        title="Head-pose variety",
        summary="how much the head moves, in degrees",
        explanation=(
            "How much the head moves: the standard deviation of its pitch, yaw and roll over the video, averaged over "
            "the three, in degrees. 0 is a head that is nailed down; people who speak to a camera mostly have 1 to 5. "
            "More is livelier, not always better."
        ),
        implementation="dh_metrics.motion:HeadVariety",
        unit="degrees",
        higher_is_better=None,
    ),
)

_HANDS = (
    dh.MetricSpec(
        name="hand-confidence",
        title="Hand confidence (HKC)",
        summary="how sure a hand detector is of the hands it sees",
        explanation=(
            "How much the hands look like hands: the detector's confidence in each hand that it follows, averaged over "
            "hands and frames (HKC of CyberHost and EchoMimicV2). MediaPipe gives one score for each hand and none for "
            "each point, so the value does not compare with published ones, which are DWPose's. Well-drawn hands reach "
            "0.9 and more; frames without a hand do not count."
        ),
        implementation="dh_metrics.hands:HandConfidence",
        unit="",
        higher_is_better=True,
    ),
    dh.MetricSpec(
        name="hand-variance",
        title="Hand variance (HKV)",
        summary="how much the hands move",
        explanation=(
            "How richly the hands move: the variance over time of each of a hand's 21 points, in x and y together, "
            "averaged over the points of both hands (HKV of CyberHost and EchoMimicV2), in squares of a hundredth of "
            "the frame's height. Still hands give 0; gestures give 10 to 200. More is livelier, not always better."
        ),
        implementation="dh_metrics.hands:HandVariance",
        unit="(% of frame height)²",
        higher_is_better=None,
    ),
)

_COST = (
    dh.MetricSpec(
        name="speed",
        title="Speed",
        summary="seconds of video made per second",
        explanation=(
            "How fast the video was made: its seconds for each second of rendering, encoding included, from its run "
            "record. 1 is real time, 2 twice as fast. It depends on the machine and on what else that did."
        ),
        implementation="dh_metrics.cost:Speed",
        unit="x real time",
        higher_is_better=True,
        needs=("record",),
    ),
    dh.MetricSpec(
        name="peak-memory",
        title="Peak memory",
        summary="most memory that the run used",
        explanation=(
            "The most main memory that the process used at once while it made the video, models and libraries "
            "included, from its run record. Memory of a GPU is not counted."
        ),
        implementation="dh_metrics.cost:PeakMemory",
        unit="MiB",
        higher_is_better=False,
        needs=("record",),
    ),
    dh.MetricSpec(
        name="first-frame",
        title="First frame",
        summary="seconds until the first frame was there",
        explanation=(
            "How long it took from the start of the run to its first finished frame, from its run record: loading, "
            "looking at the source and the driver's first motion. It matters where someone waits."
        ),
        implementation="dh_metrics.cost:FirstFrame",
        unit="s",
        higher_is_better=False,
        needs=("record",),
    ),
)

TIER0: tuple[dh.MetricSpec, ...] = tuple(
    replace(spec, licence=_LICENCE) for spec in (*_FIDELITY, *_LIPS, *_MOTION, *_HANDS, *_COST)
)
"""What ``plugin`` declares of them, in the order in which reports show them."""
