const FAR = 0.15; // seconds off the clock from which seeking is better than a change of speed
const NEAR = 0.004; // seconds off the clock that are left alone
const REST_MS = 100; // from one change of speed to the next: browsers need some time to follow
const JUMP_MS = 1000; // from one seek to the next while playing: a slow machine would only seek
const GAIN = 4; // change of speed for each second off the clock, per second
const MOST = 0.2; // largest change of speed

// A video that follows the player's clock, and holds its last frame when the clock has passed it.
class Follower {
  constructor(video, fps, frames, variant) {
    Object.assign(this, { video, fps, frames, variant, waiting: null, sought: null, changed: 0 });
    Object.assign(this, { jumped: -Infinity, delay: 0.05 }); // milliseconds of the page's clock, and seconds
    video.addEventListener('play', () => { this.sought = null; });
    video.addEventListener('seeked', () => {
      const next = this.waiting;
      this.waiting = null;
      if (next !== null) this.seek(next);
    });
  }

  get end() {
    return this.frames / this.fps;
  }

  // The middle of the frame that is seen at a time: no rounding can turn it into the one before or after.
  middle(time) {
    const frame = Math.min(this.frames - 1, Math.max(0, Math.floor(time * this.fps + 1e-6)));
    return (frame + 0.5) / this.fps;
  }

  // Goes to the frame of a time. While one seek is under way only the latest further one is kept.
  seek(time) {
    const target = this.middle(time);
    this.waiting = this.video.seeking ? target : null; // else one that a seek's end, not told yet, would go back to
    if (!this.video.seeking && this.sought !== target) this.video.currentTime = this.sought = target;
  }

  get settled() {
    const { video } = this;
    return Boolean(video.error) || (!video.seeking && this.waiting === null && video.readyState >= 2);
  }

  // Keeps in step with the clock while it runs; a video that is the clock's own lead keeps its speed.
  follow(time, rate, leads) {
    const { video } = this;
    if (video.error || video.seeking) return;
    if (time >= this.end - 0.5 / this.fps) {
      if (!video.paused) video.pause();
      this.seek(this.end);
      return;
    }
    if (video.paused) video.play().catch(() => {});
    const off = video.currentTime - time;
    if (leads) this.speed(rate);
    else if (Math.abs(off) > FAR * Math.max(1, rate) && performance.now() - this.jumped > JUMP_MS) this.jump(time, rate);
    else this.speed(Math.abs(off) < NEAR ? rate : rate * (1 - Math.max(-MOST, Math.min(MOST, off * GAIN))));
  }

  // Seeks while the clock runs on: to where it will be once the seek is done, as long as the last one took.
  jump(time, rate) {
    this.jumped = performance.now();
    this.video.addEventListener('seeked', () => { this.delay = (performance.now() - this.jumped) / 1000; }, { once: true });
    this.video.currentTime = Math.min(time + Math.min(this.delay, 1) * rate, this.end - 0.5 / this.fps);
  }

  speed(rate) {
    const now = performance.now();
    if (now - this.changed < REST_MS || Math.abs(this.video.playbackRate - rate) < 0.002) return;
    this.changed = now;
    this.video.playbackRate = rate;
  }
}
