"""What carries bytes between routers: `tcpserver`, `tcpclient`, `local`; the contract is in `base`."""
