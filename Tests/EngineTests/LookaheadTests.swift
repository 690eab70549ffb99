import Testing

@testable import Engine

@Suite struct LookaheadTests {
    private let start = ContinuousClock.now

    /// The span after preparations of so many milliseconds.
    private func span(after preparations: [Int]) -> Duration {
        var lookahead = Lookahead()
        for preparation in preparations { lookahead.note(from: start, ready: start + .milliseconds(preparation)) }
        return lookahead.span
    }

    @Test func `at first it does not look ahead`() {
        #expect(span(after: []) == .zero)
    }

    @Test func `it comes to look ahead as far as preparations take, and a little further`() {
        let long = span(after: Array(repeating: 2, count: 40))
        #expect(long > .milliseconds(2) && long < .milliseconds(2.5))
        let shorter = span(after: Array(repeating: 2, count: 40) + Array(repeating: 1, count: 40))
        #expect(shorter > .milliseconds(1) && shorter < .milliseconds(1.5))
    }

    @Test func `a single long preparation moves it by a quarter, and none beyond its bound`() {
        #expect(span(after: [4]) < .milliseconds(1.1))
        #expect(span(after: Array(repeating: 500, count: 9)) == .milliseconds(5))
    }

    @Test func `who could not start all does not look ahead, until all that could start did`() {
        var lookahead = Lookahead()
        lookahead.note(from: start, ready: start + .milliseconds(4))
        let span = lookahead.span
        lookahead.note(started: 1, of: 2)
        #expect(lookahead.span == .zero)
        lookahead.note(started: 0, of: 0)
        #expect(lookahead.span == .zero, "nothing is known by a round with nothing to start")
        lookahead.note(started: 2, of: 2)
        #expect(lookahead.span == span && span > .zero)
    }
}
