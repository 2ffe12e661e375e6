//! Ports that nobody else gets.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A free port of loopback. As long as this value lives, only a program that shares ports (`SO_REUSEPORT`, same user) can
/// listen on it: another test program that looks for a free one is given another, also while ours is being restarted.
pub(crate) struct Port {
    number: u16,
    /// Bound, never listening: no connection ends here.
    _held: TcpSocket,
}

impl Port {
    pub(crate) fn reserve() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseport(true).unwrap();
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        Self {
            number: socket.local_addr().unwrap().port(),
            _held: socket,
        }
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}
