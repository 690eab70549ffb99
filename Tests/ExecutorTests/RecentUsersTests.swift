import Glibc
import SystemUsers
import Testing

@Suite(.enabled(if: geteuid() == 0, "users are made by root"))
struct RecentUsersTests {
    @Test func `a user is known for a while, and read anew after it`() async throws {
        let (kept, fresh) = (RecentUsers(age: .seconds(3_600)), RecentUsers(age: .zero))
        let name = TrialUser.newName()
        try await TrialUser.make(name) { user in
            #expect(kept.lookup(name) == user && fresh.lookup(name) == user)
        }
        #expect(kept.lookup(name)?.name == name && fresh.lookup(name) == nil)
    }

    @Test func `a user who was not there is found as soon as there is one`() async throws {
        let users = RecentUsers(age: .seconds(3_600))
        let name = TrialUser.newName()
        #expect(users.lookup(name) == nil)
        try await TrialUser.make(name) { user in #expect(users.lookup(name) == user) }
    }
}
