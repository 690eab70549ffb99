/// Why a message did not arrive. No URL, credential or answer is in the words: the name of a host at most.
package struct PostFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence.
    package let description: String
    /// Whether another try is refused just so.
    package let isFinal: Bool

    init(_ description: String, isFinal: Bool = false) {
        self.description = description
        self.isFinal = isFinal
    }

    /// The guard lets nothing through to this host.
    package static func egressRefused(_ host: String) -> PostFailure {
        PostFailure(
            "egress_refused: \(host) has no address that the server's requests may go to, unless EGRESS_ALLOW names it.",
            isFinal: true)
    }

    /// A redirect to another scheme, or to what is no address.
    static let unreadablePlace = PostFailure(
        "egress_refused: the receiver redirected to a place that is no http or https address.", isFinal: true)

    /// Something that nobody expects.
    package static let unexpected = PostFailure("The message could not be sent.")

    static func tooSlow(_ patience: Duration) -> PostFailure {
        PostFailure("There was no whole answer within \(patience.components.seconds) s.")
    }
}
