import Foundation
import Synchronization

/// One executor, and how it does.
struct ExecutorLink {
    let peer: ExecutorPeer
    let connection: ExecutorConnection
    /// How many pings were sent to it, and the latest one that was answered.
    var pings: UInt64 = 0
    var answered: UInt64 = 0
}

extension ExecutorClient {
    /// What the client knows; every order about a run is sent under its lock, so that orders keep their order.
    struct State {
        var links: [ExecutorPlace: ExecutorLink] = [:]
        /// The executor that gets new runs; nil while there is none.
        var current: ExecutorPlace?
        var runs: [UInt64: PendingRun] = [:]
        /// The runs that an earlier server ordered and nobody has asked for yet.
        var inherited: [RunKey: UInt64] = [:]
        /// The runs whose ends were told but are not settled yet, and where they ran.
        var told: [RunKey: (place: ExecutorPlace, number: UInt64)] = [:]
        var room = OutputRoom()
        var viewers = Viewers()
        var isStopping = false
        var isDetached = false
        var isLauncherLossTold = false
        /// The latest deadline that was told: a run whose request is older than it starts with this one.
        var deadline: BoottimeInstant?
        private var nextNumber = ExecutorLoop.Key.firstRun

        var currentLink: ExecutorLink? { current.flatMap { links[$0] } }

        mutating func takeNumber() -> UInt64 {
            defer { nextNumber += 1 }
            return nextNumber
        }

        /// Takes up an executor of an earlier server, with its runs.
        mutating func inherit(_ peer: ExecutorPeer, _ connection: ExecutorConnection) {
            links[peer.place] = ExecutorLink(peer: peer, connection: connection)
            for (number, key) in peer.greeting.runs {
                runs[number] = PendingRun(key: key, place: peer.place, audience: .none)
                inherited[key] = number
                nextNumber = max(nextNumber, number + 1)
            }
        }

        mutating func send(_ number: UInt64) {
            guard let current, let link = links[current], let order = runs[number]?.order else { return }
            link.connection.send(.start(order))
            runs[number]?.place = current
        }

        /// Orders the end of a run that was sent.
        func end(_ number: UInt64, _ reason: EndReason) {
            guard let place = runs[number]?.place else { return }
            links[place]?.connection.send(.end(run: number, reason))
        }

        /// Notes the end of a run, and answers who is to be told of it.
        mutating func close(_ number: UInt64, _ end: RawEnd) -> (CheckedContinuation<RawEnd?, Never>, RawEnd)? {
            guard let run = runs[number] else { return nil }
            switch run.audience {
            case .none:
                runs[number]?.end = end
                return nil
            case .waiting(let continuation):
                runs[number] = nil
                if let place = run.place { told[run.key] = (place, number) }
                return (continuation, end)
            case .unwanted:
                runs[number] = nil
                if let place = run.place { links[place]?.connection.send(.settled(run: number)) }
                return nil
            }
        }

        /// Notes the end of a run whose executor is gone. What that reported before counts; output that it held back is
        /// lost with it.
        mutating func resolve(_ number: UInt64, _ end: RawEnd) -> (CheckedContinuation<RawEnd?, Never>, RawEnd)? {
            guard let run = runs[number], run.end == nil else { return nil }
            return close(number, run.held.map { RawEnd($0.end, parts: [:]) } ?? end)
        }

        /// Forgets an executor that is gone; answers the runs that it had and whose ends nobody was told.
        mutating func remove(_ place: ExecutorPlace) -> (link: ExecutorLink, runs: [UInt64: PendingRun])? {
            guard let link = links.removeValue(forKey: place) else { return nil }
            if current == place { current = nil }
            viewers.dismiss(from: place)
            return (link, runs.filter { $0.value.place == place && $0.value.end == nil })
        }
    }

    /// Takes in what an executor reports; runs on its connection's thread.
    func take(_ reports: [ExecutorReport], from place: ExecutorPlace) {
        let ended = state.withLock { state in
            var ended: [(CheckedContinuation<RawEnd?, Never>, RawEnd)] = []
            for report in reports {
                switch report {
                case .hello: continue
                case .output(let number, let part, let bytes):
                    state.runs[number]?.parts[part, default: []].append(contentsOf: bytes)
                case .ended(let number, let end):
                    let parts = state.runs[number]?.parts ?? [:]
                    if let told = state.close(number, RawEnd(end, parts: parts)) { ended.append(told) }
                case .heldBack(let number, let held): state.hold(held, of: number)
                case .shown(let number, let shown):
                    state.viewers.take(number, at: place)?.resume(returning: shown)
                case .pong(let number):
                    // In the order of the pings.
                    state.links[place]?.answered = number
                }
            }
            state.askForOutput()
            return ended
        }
        for (continuation, end) in ended { continuation.resume(returning: end) }
    }
}
