import Postgres
import Storage
import TestSupport
import Testing

@Suite struct AnnouncerTests {
    @Test func `what is announced at the last moment of a server is heard by the others`() async throws {
        let database = try await TestDatabase.make()
        let announcements = Announcements(
            NotificationListener(database.configuration, channels: [Announcer.channel], logger: quietLogger))
        var events = announcements.makeAsyncIterator()
        #expect(await events.next() == .mayHaveMissedSome)
        for _ in 1...20 {
            let announcer = Announcer(database: database.database)
            await withTaskGroup { group in
                group.addTask { await announcer.run { Issue.record($0) } }
                announcer.announce(.work)
                group.cancelAll()
            }
            // Sent after it, so that what was to come has come before.
            try await database.store.announce([.wishes])
            var news: [Announcements.Event] = []
            while let event = await events.next(), event != .announced(.wishes) { news.append(event) }
            #expect(news.contains(.announced(.work)))
        }
    }
}
