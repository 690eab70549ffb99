import Foundation
import TestSupport

@testable import Postgres

/// Where waiting for a connection takes a minute, the time limit of a test tells whether anybody does.
func impatientPool(url: String, patience: Duration = .seconds(1)) -> PostgresPool {
    var configuration = PostgresConfiguration(url: url, poolSize: 2, connectTimeout: .seconds(60))
    configuration.outagePatience = patience
    return PostgresPool(configuration, logger: quietLogger)
}

/// A socket that connections are opened to, and its port.
func silentServer() -> (socket: Int32, port: UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = bind(listener, $0, size)
            _ = listen(listener, 8)
            _ = getsockname(listener, $0, &size)
        }
    }
    return (listener, UInt16(bigEndian: address.sin_port))
}
