/// How much output may be on its way from the executors into the database at once. The rest waits where it is, first
/// come first served, so that however much comes, it is held in the server only a part at a time.
struct OutputRoom {
    /// Bytes as the commands wrote them; readable text takes three times as many at most.
    static let limit = 16 << 20

    private var sizes: [UInt64: Int] = [:]
    private var waiting: [UInt64] = []
    private var taken = 0

    /// Lets the output of a run wait for room.
    mutating func enter(_ run: UInt64, size: Int) {
        guard sizes.updateValue(size, forKey: run) == nil else { return }
        waiting.append(run)
    }

    /// The next run whose output there is room for. Alone, any output has room.
    mutating func admit() -> UInt64? {
        guard let run = waiting.first, let size = sizes[run] else { return nil }
        guard taken == 0 || taken + size <= Self.limit else { return nil }
        waiting.removeFirst()
        taken += size
        return run
    }

    /// Gives back the room that the output of a run took, or waited for.
    ///
    /// - Returns: whether it had taken, or waited for, any.
    mutating func leave(_ run: UInt64) -> Bool {
        guard let size = sizes.removeValue(forKey: run) else { return false }
        if let place = waiting.firstIndex(of: run) { waiting.remove(at: place) } else { taken -= size }
        return true
    }
}

extension ExecutorClient.State {
    /// Notes that a run has ended and that its executor keeps its output until it is asked for, which is when somebody
    /// waits for it and there is room.
    mutating func hold(_ held: HeldEnd, of number: UInt64) {
        guard let run = runs[number] else { return }
        runs[number]?.held = held
        switch run.audience {
        case .none: return
        case .waiting: room.enter(number, size: held.size)
        case .unwanted: _ = close(number, RawEnd(held.end, parts: [:]))
        }
    }

    /// Asks for as much output as there is room for.
    mutating func askForOutput() {
        while let number = room.admit() {
            guard let place = runs[number]?.place else { continue }
            links[place]?.connection.send(.sendOutput(run: number))
        }
    }
}
