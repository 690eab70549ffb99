import Glibc
import HTTPTypes
import NIOCore
import NIOHTTP1

extension ConnectionTerms {
    /// The last answer on a connection over which no HTTP comes; of the request little may be known.
    func answer(to error: HTTPParserError, _ unread: UnreadBytes) -> Answer {
        switch error {
        case .headerOverflow: overflow(unread.path)
        case .invalidMethod: unread.requestLine.flatMap { refusal($0.method, $0.target) } ?? .bare(.badRequest)
        default: .bare(.badRequest)
        }
    }

    /// Sets the socket aside: a copy that outlives the channel; what the client sends meanwhile waits in the kernel.
    func keepSocket(of context: ChannelHandlerContext) {
        let copy = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { fcntl($0, F_DUPFD_CLOEXEC, 3) }
        // No copy: the connection is closed, as at any stop.
        if let copy, copy >= 0 { keep(copy) }
    }
}
