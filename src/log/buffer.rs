//! Gathers what is written and passes it on in few, larger writes, from a thread of its own that sleeps while there is
//! nothing.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long the first octet of a write waits for company.
const GATHER: Duration = Duration::from_millis(10);

/// Whoever fills the buffer beyond this writes it out at once.
const OCTETS_MAX: usize = 256 * 1024;

/// The buffer; clones share it.
#[derive(Clone)]
pub(super) struct Buffer(Arc<Shared>);

struct Shared {
    gathered: Mutex<Vec<u8>>,
    /// Told when the buffer is no longer empty.
    filled: Condvar,
    /// Where it goes. Taken before `gathered`, so that writes keep their order.
    sink: Mutex<Box<dyn Write + Send>>,
}

impl Buffer {
    pub(super) fn start(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let buffer = Self(Arc::new(Shared {
            gathered: Mutex::default(),
            filled: Condvar::new(),
            sink: Mutex::new(Box::new(sink)),
        }));
        let writer = buffer.clone();
        thread::Builder::new()
            .name("log".into())
            .spawn(move || writer.run())?;
        Ok(buffer)
    }

    /// Passes on what is gathered, now.
    pub(super) fn flush(&self) {
        let mut sink = lock(&self.0.sink);
        let octets = std::mem::take(&mut *lock(&self.0.gathered));
        // Nobody is left to be told that the log cannot be written.
        let _ = sink.write_all(&octets);
    }

    fn run(&self) {
        loop {
            let empty = lock(&self.0.gathered);
            drop(self.0.filled.wait_while(empty, |gathered| gathered.is_empty()));
            thread::sleep(GATHER);
            self.flush();
        }
    }

    fn push(&self, octets: &[u8]) {
        let mut gathered = lock(&self.0.gathered);
        let was_empty = gathered.is_empty();
        gathered.extend_from_slice(octets);
        let full = gathered.len() > OCTETS_MAX;
        drop(gathered);
        if was_empty {
            self.0.filled.notify_one();
        }
        if full {
            self.flush();
        }
    }
}

impl Write for &Buffer {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.push(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = &'a Buffer;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            lock(&self.0).extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_written_arrives_once_and_in_order() {
        let sink = Sink::default();
        let buffer = Buffer::start(sink.clone()).unwrap();
        let lines: Vec<String> = (0..20_000)
            .map(|line| format!("line {line} with some words behind it\n"))
            .collect();
        for line in &lines {
            (&buffer).write_all(line.as_bytes()).unwrap();
        }
        buffer.flush();
        assert_eq!(String::from_utf8(lock(&sink.0).clone()).unwrap(), lines.concat());
    }
}
