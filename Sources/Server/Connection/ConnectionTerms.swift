import NIOCore

/// What every connection of a server is subject to.
struct ConnectionTerms: Sendable {
    /// Bytes of request line and headers that are read.
    static let headerLimit = 32 * 1024
    /// How many fields a header may have.
    static let fieldLimit = 1000
    /// Bytes of a body that are read so that its sender gets the answer: hanging up at once could destroy it underway.
    static let bodyPatience = 16 * 1024 * 1024
    /// How many requests, and bytes of a body, may wait before no more is read.
    static let waitingRequests = 16
    static let waitingBytes = 64 * 1024

    /// How long nothing may happen, and how long a body may take.
    let timeout: TimeAmount
    /// How long a header may take.
    let headerTimeout: TimeAmount
    /// How the server proves who it is; nil where it speaks plain HTTP.
    let tls: TLSIdentity?
    /// The answer to a request of a method that no route has; nil where it is no method at all.
    let refusal: @Sendable (_ method: String, _ target: String) -> Answer?
    /// The answer to a header that is too large, of this target as far as it is known.
    let overflow: @Sendable (_ target: String?) -> Answer
    /// Takes a socket that is left to the next server.
    let keep: @Sendable (Int32) -> Void
}
