//! Bulk takes the path's rate without building a queue, and what is urgent does not wait behind it.

use std::time::Duration;

use bytes::Bytes;
use carrier::{Priority, Received, Request};

use crate::{
    exchange::{Answers, drain, get},
    world::{Path, World},
};

#[test]
fn bulk_takes_most_of_the_path_and_small_requests_are_answered_meanwhile() {
    for (mbit, round_trip_ms) in [(8.0, 150), (20.0, 60), (50.0, 20)] {
        let rate = mbit * 1e6 / 8.0;
        let path = Path { round_trip: Duration::from_millis(round_trip_ms), loss: 0.0, rate };
        let mut world = World::new(path, 9);
        let mut answers = Answers::new();
        let seconds = 2.5;
        let length = (rate * seconds) as usize;
        let bulk = world.client.open(&get(&format!("/{length}")), false, Bytes::new(), true).unwrap();
        let (mut got, mut asked, mut waits) = (Vec::new(), None, Vec::new());
        let began = world.now;
        while drain(&mut world, bulk, &mut got).is_none() {
            assert!(world.step().unwrap());
            answers.serve(&mut world);
            match asked {
                None => {
                    let stream = world.client.open(&get("/1000"), false, Bytes::new(), true).unwrap();
                    asked = Some((stream, world.now));
                }
                Some((stream, at)) => {
                    let mut small = Vec::new();
                    if drain(&mut world, stream, &mut small) == Some(Received::End) {
                        waits.push(world.now - at);
                        world.client.release(stream, carrier::Ended::Cancelled);
                        asked = None;
                    }
                }
            }
        }
        let took = (world.now - began).as_secs_f64();
        let share = seconds / took;
        waits.sort();
        let worst = waits[waits.len() * 99 / 100];
        let case = format!(
            "{mbit} Mbit/s, {round_trip_ms} ms: {share:.2} of the rate, p99 {worst:?}, held {}",
            world.bulk_held_most
        );
        assert!(share > 0.7, "{case}");
        assert!(worst < Duration::from_millis(500), "{case}");
    }
}

#[test]
fn what_is_urgent_goes_first_and_what_is_as_urgent_takes_turns() {
    let path = Path { round_trip: Duration::from_millis(20), loss: 0.0, rate: 1e6 };
    let mut world = World::new(path, 5);
    let mut answers = Answers::new();
    let ask = |world: &mut World, urgency| {
        let request = Request { priority: Priority(urgency), ..get("/2000000") };
        (world.client.open(&request, false, Bytes::new(), true).unwrap(), Vec::new())
    };
    let mut equals = [ask(&mut world, 3), ask(&mut world, 3)];
    let mut run = |world: &mut World, streams: &mut [(carrier::StreamId, Vec<u8>)]| {
        let end = world.now + Duration::from_secs(1);
        while world.now < end {
            world.step().unwrap();
            answers.serve(world);
            for (stream, bytes) in &mut *streams {
                drain(world, *stream, bytes);
            }
        }
    };
    run(&mut world, &mut equals);
    let [first, second] = [equals[0].1.len(), equals[1].1.len()];
    assert!(first > 200_000 && first.abs_diff(second) <= 150_000, "{first} and {second}");
    let [first, second] = equals;
    let mut all = [first, second, ask(&mut world, 1)];
    run(&mut world, &mut all);
    assert!(all[2].1.len() > 600_000, "{}", all[2].1.len());
}
