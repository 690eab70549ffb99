import Testing

@testable import Postgres

@Suite struct OutageStateTests {
    private let outage = Outage()
    private let start = ContinuousClock.now
    private let error = PostgresError(.unavailable, "gone")

    @Test func `an attempt that fails begins an outage, once`() {
        #expect(outage.attemptFailed(error, begun: start) == 1)
        #expect(outage.known?.since == start)
        #expect(outage.attemptFailed(error, begun: start + .seconds(1)) == nil)
        #expect(outage.known?.since == start)
        #expect(outage.attemptSucceeded(now: start + .seconds(2)))
        #expect(outage.known == nil)
    }

    @Test func `an attempt begun before another one succeeded tells nothing when it fails`() {
        _ = outage.attemptFailed(error, begun: start)
        _ = outage.attemptSucceeded(now: start + .seconds(2))
        #expect(outage.attemptFailed(error, begun: start + .seconds(1)) == nil)
        #expect(outage.known == nil)
        #expect(outage.attemptFailed(error, begun: start + .seconds(3)) == 2)
        #expect(outage.known?.since == start + .seconds(3))
    }

    @Test func `whoever looks for the server in one outage does not in the next`() throws {
        let first = try #require(outage.attemptFailed(error, begun: start))
        #expect(outage.isKnown(first))
        _ = outage.attemptSucceeded(now: start + .seconds(1))
        #expect(!outage.isKnown(first))
        let second = try #require(outage.attemptFailed(error, begun: start + .seconds(2)))
        #expect(!outage.isKnown(first))
        #expect(outage.isKnown(second))
    }

    @Test func `a connection that works moves an outage, and begins none`() {
        outage.connectionWorked(now: start)
        #expect(outage.known == nil)
        _ = outage.attemptFailed(error, begun: start)
        outage.connectionWorked(now: start + .seconds(1))
        #expect(outage.known?.since == start + .seconds(1))
    }

    @Test func `pauses between attempts double up to a second`() {
        for (failures, longest) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (1000, 1000)] {
            let delay = Outage.delay(afterFailures: failures)
            #expect(delay <= .milliseconds(longest) && delay >= .milliseconds(longest / 2))
        }
    }

    @Test func `an attempt may take as long as libpq gives the hosts`() {
        func limit(_ url: String, patience: Duration?) -> Duration? {
            var configuration = PostgresConfiguration(url: url)
            configuration.outagePatience = patience
            return configuration.attemptLimit
        }
        #expect(limit("postgres://a/db", patience: .milliseconds(400)) == .milliseconds(400))
        #expect(limit("postgres://a,b:1,c/db", patience: .seconds(3)) == .seconds(9))
        #expect(limit("host=a,b dbname=db", patience: .seconds(1)) == .seconds(3), "libpq gives each host 2 s")
        #expect(limit("host=x hostaddr=127.0.0.1,127.0.0.2", patience: .seconds(3)) == .seconds(6))
        #expect(limit("postgres://a,b/db?connect_timeout=10", patience: .seconds(2)) == .seconds(12))
        #expect(limit("postgres://a,b/db", patience: nil) == nil)
    }
}
