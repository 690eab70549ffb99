/// Numbers that follow each other in equal steps.
struct EvenSteps {
    let first: Int
    let last: Int
    let step: Int

    /// Nil where there are fewer than two, or the steps differ.
    init?(_ values: [Int]) {
        guard values.count > 1, let first = values.first, let last = values.last else { return nil }
        let step = values[1] - first
        guard values == Array(stride(from: first, through: last, by: step)) else { return nil }
        self.first = first
        self.last = last
        self.step = step
    }

    /// Whether they go all around a field, so that the first follows the last after one step.
    func isWholeRound(of field: CronField) -> Bool {
        first == field.lowest && field.count % step == 0 && last + step == field.lowest + field.count
    }
}

extension UInt64 {
    /// The numbers of the bits that are set.
    var bits: [Int] { (0..<64).filter { self >> UInt64($0) & 1 != 0 } }
}

extension [Int] {
    /// Numbers that follow each other, as first and last.
    var runs: [(first: Int, last: Int)] {
        reduce(into: []) { runs, value in
            if let run = runs.last, run.last == value - 1 {
                runs[runs.count - 1].last = value
            } else {
                runs.append((value, value))
            }
        }
    }

    /// In words, with runs of three and more drawn together: `1 to 5, 9 and 10`.
    var spans: String {
        runs.flatMap { run in
            run.last - run.first > 1 ? ["\(run.first) to \(run.last)"] : (run.first...run.last).map(String.init)
        }.listed()
    }
}

extension [String] {
    /// In words: `1, 2 and 3`.
    func listed(_ word: String = "and") -> String {
        guard count > 1, let last else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " \(word) " + last
    }
}

extension String {
    /// With a capital letter at its head.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
