// Work that is overtaken is dropped, never queued.

/**
 * One job at a time: while it runs, the newest of those that were asked for waits.
 *
 * work(job) gives a promise; done(result, job) and failed(error, job) hear of it. `drop` forgets
 * the job that waits and whatever comes of the one that runs.
 */
export function latest(work, done, failed) {
  let running = false;
  let waiting = null;
  let age = 0;
  async function run(job) {
    running = true;
    const born = age;
    try {
      const result = await work(job);
      if (born === age) done(result, job);
    } catch (error) {
      if (born === age) failed(error, job);
    }
    running = false;
    if (waiting !== null) {
      const [next] = waiting;
      waiting = null;
      run(next);
    }
  }
  return {
    ask(job) {
      if (running) waiting = [job];
      else run(job);
    },
    drop() {
      waiting = null;
      age += 1;
    },
  };
}
