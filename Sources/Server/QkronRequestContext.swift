import Hummingbird
import NIOCore

/// What the HTTP library knows of a request beside the request itself.
struct QkronRequestContext: InitializableFromSource, Sendable {
    /// Where the request came from, without the port.
    let sourceAddress: String?

    init(source: ApplicationRequestContextSource) {
        sourceAddress = source.channel.remoteAddress?.ipAddress
    }

    /// A context without a connection behind it.
    init(sourceAddress: String?) {
        self.sourceAddress = sourceAddress
    }
}
