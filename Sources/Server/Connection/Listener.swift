import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Accepts connections and serves each, until the service group shuts down or a handover begins: then requests under
/// way are answered first, and the sockets are closed, or left to the next server.
struct Listener: Service {
    /// How long requests under way may take when the server stops.
    private static let patience = Duration.seconds(30)
    private static let backlog: Int32 = 1024

    let responder: QkronResponder
    let terms: ConnectionTerms
    let host: String
    let port: Int
    let handover: SocketHandover
    let connections: OpenConnections
    let logger: Logger
    /// Told the real port once connections are taken.
    let onListening: @Sendable (Int) -> Void
    private let stop = Mark()
    private let end = Mark()

    /// Accepts no more, and returns when every request under way is answered. The service itself goes on until it is
    /// told to stop.
    func leave() async {
        stop.set()
        await end.untilSet()
    }

    func run() async throws {
        defer { end.set() }
        let listening = try await bind()
        let copy = try await Self.copy(of: listening.channel)
        onListening(listening.channel.localAddress?.port ?? port)
        await withDiscardingTaskGroup { group in
            for descriptor in handover.inherited?.connections ?? [] {
                // They were begun without TLS.
                guard terms.tls == nil else {
                    close(descriptor)
                    continue
                }
                group.addTask { await serve(inherited: descriptor) }
            }
            group.addTask {
                await stop.untilSet()
                await Self.closeUnnoticed(listening.channel)
            }
            await withGracefulShutdownHandler {
                await accept(from: listening, in: &group)
            } onGracefulShutdown: {
                stop.set()
            }
            stop.set()
            let isHandover = handover.isUnderWay()
            if isHandover { handover.keep(listener: copy) } else { close(copy) }
            connections.tell(isHandover ? HTTPConnection.Leave() as any Sendable : ChannelShouldQuiesceEvent())
            group.addTask {
                // Cancelled once every connection is done.
                guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
                connections.close()
            }
            await connections.untilNone()
            group.cancelAll()
        }
        guard handover.isUnderWay() else { return }
        end.set()
        // A service that ends before it is told to has failed. Cancelled, it ends as well.
        try? await gracefulShutdown()
    }

    private func accept(
        from listening: NIOAsyncChannel<Conversation, Never>, in group: inout DiscardingTaskGroup
    ) async {
        do {
            try await listening.executeThenClose { inbound in
                for try await conversation in inbound {
                    group.addTask(executorPreference: conversation.executor) { await conversation.run() }
                }
            }
        } catch {
            logger.error("No more connections are accepted", metadata: ["error": "\(error)"])
        }
    }

    /// Closes a listening channel so that no connection it has accepted is lost: a channel that is closed at once drops
    /// those that are still being set up.
    private static func closeUnnoticed(_ channel: any Channel) async {
        do {
            try await channel.setOption(.autoRead, value: false).get()
            // Accepted by one loop, set up by another, handed over by the first: each has its turn.
            for _ in 0..<3 {
                for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
            }
        } catch {
            // It is closed already: nothing can be accepted any more.
        }
        channel.close(promise: nil)
    }

    private func serve(inherited descriptor: Int32) async {
        do {
            let conversation = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .withConnectedSocket(descriptor) { setUp($0) }
            await withTaskExecutorPreference(conversation.executor) { await conversation.run() }
        } catch {
            logger.debug("A connection could not be taken over", metadata: ["error": "\(error)"])
        }
    }

    private func bind() async throws -> NIOAsyncChannel<Conversation, Never> {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
        if let listener = handover.inherited?.listener {
            // One that was only bound does not listen yet; to another it does nothing.
            guard listen(listener, Self.backlog) == 0 else { throw IOError(errnoCode: errno, reason: "listen") }
            return try await bootstrap.bind(listener) { setUp($0) }
        }
        return try await bootstrap.bind(host: host, port: port) { setUp($0) }
    }

    private func setUp(_ channel: any Channel) -> EventLoopFuture<Conversation> {
        guard connections.add(channel) else {
            // Nobody else closes what was not set up.
            channel.close(promise: nil)
            return channel.eventLoop.makeFailedFuture(TooManyConnections())
        }
        return channel.eventLoop.makeCompletedFuture { try Conversation(on: channel, terms, responder) }
    }

    /// A descriptor of the listening socket that outlives the channel: connections wait behind it.
    private static func copy(of channel: any Channel) async throws -> Int32 {
        let copy = try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                fcntl($0, F_DUPFD_CLOEXEC, 3)
            }
        }.get()
        guard let copy, copy >= 0 else { throw IOError(errnoCode: errno, reason: "copy the listening socket") }
        return copy
    }
}

/// Something that happens once, for one who waits for it.
private struct Mark: Sendable {
    private let ends = AsyncStream<Void>.makeStream()

    func set() { ends.continuation.finish() }

    /// Returns when it is set, or the task is cancelled.
    func untilSet() async {
        for await _ in ends.stream {}
    }
}

/// A connection is one too many, and closed.
private struct TooManyConnections: Error {}
