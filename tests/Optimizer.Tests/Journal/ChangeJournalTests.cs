using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Journal;

public sealed class ChangeJournalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("netpulse-journal-").FullName;
    private readonly TestClock clock = new(Examples.Now);

    private string File => Path.Combine(folder, "journal.jsonl");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_was_entered_is_there_after_a_restart()
    {
        var change = Change();
        using (var journal = new ChangeJournal(File, clock))
        {
            journal.Note(EntryKind.Anomaly, "edge", "slow → \"quoted\"");
            journal.Enter(ChangePhase.Planned, change, "planned");
            clock.Advance(TimeSpan.FromSeconds(3));
            journal.Enter(ChangePhase.Applied, change, "in force");
        }

        using var reopened = new ChangeJournal(File, clock);
        Assert.Equal([1L, 2L, 3L], reopened.Latest.Select(entry => entry.Sequence));
        Assert.Equal("slow → \"quoted\"", reopened.Latest[0].Text);
        var state = Assert.Single(reopened.Changes);
        Assert.Equal(ChangePhase.Applied, state.Phase);
        Assert.Equal(Examples.Now.AddSeconds(3), state.AppliedAt);
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(change), System.Text.Json.JsonSerializer.Serialize(state.Change));
    }

    [Fact]
    public void A_last_line_that_was_cut_off_is_set_aside_and_the_rest_read()
    {
        using (var journal = new ChangeJournal(File, clock))
        {
            journal.Enter(ChangePhase.Planned, Change(), "planned");
        }

        System.IO.File.AppendAllText(File, "{\"sequence\":2,\"at\":\"2026");
        using (var reopened = new ChangeJournal(File, clock))
        {
            Assert.Equal(24, reopened.SetAsideBytes);
            Assert.Single(reopened.Latest);
            reopened.Note(EntryKind.Started, "optimizer", "again");
        }

        Assert.Equal("{\"sequence\":2,\"at\":\"2026", System.IO.File.ReadAllText(File + ".unfinished"));
        using var third = new ChangeJournal(File, clock);
        Assert.Equal([1L, 2L], third.Latest.Select(entry => entry.Sequence));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"sequence\":2,\"at\":\"2026-01-01T12:00:00Z\",\"kind\":\"Change\",\"subject\":\"s\",\"text\":\"t\",\"change\":{},\"phase\":\"Kept\"}")]
    public void A_damaged_line_stops_the_start_and_is_named(string damaged)
    {
        using (var journal = new ChangeJournal(File, clock))
        {
            journal.Note(EntryKind.Started, "optimizer", "started");
        }

        System.IO.File.AppendAllText(File, damaged + "\n");
        var refused = Assert.Throws<InvalidDataException>(() => new ChangeJournal(File, clock));
        Assert.Contains(":2:", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_ended_long_ago_is_kept_on_disk_only()
    {
        using (var journal = new ChangeJournal(File, clock))
        {
            journal.Enter(ChangePhase.RolledBack, Change() with { Name = "ended" }, "over");
            journal.Enter(ChangePhase.Kept, Change() with { Name = "kept" }, "kept");
            clock.Advance(TimeSpan.FromDays(7.1));
            journal.Enter(ChangePhase.Planned, Change() with { Name = "new" }, "planned");
            Assert.Equal(["kept", "new"], journal.Changes.Select(state => state.Change.Name));
        }

        Assert.Contains("\"ended\"", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
        using var reopened = new ChangeJournal(File, clock);
        Assert.Equal(["kept", "new"], reopened.Changes.Select(state => state.Change.Name));
    }

    [KernelFact]
    public void An_entry_that_a_full_disk_refused_is_not_written_later()
    {
        Mount("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder);
        try
        {
            using var journal = new ChangeJournal(File, clock);
            journal.Enter(ChangePhase.Applied, Change(), "in force");
            var filler = Path.Combine(folder, "filler");
            System.IO.File.WriteAllBytes(filler, new byte[8 << 10]);
            Assert.ThrowsAny<IOException>(() =>
            {
                for (var i = 0; i < 20; i++)
                {
                    journal.Enter(ChangePhase.Applied, Change(), "in force");
                }
            });
            var written = journal.Latest.Count;
            Assert.ThrowsAny<IOException>(() => journal.Enter(ChangePhase.Keeping, Change(), new string('x', 4000)));

            System.IO.File.Delete(filler);
            journal.Enter(ChangePhase.Reverting, Change(), "there is room again");
            journal.Dispose();
            using var reopened = new ChangeJournal(File, clock);
            Assert.Equal(Enumerable.Range(1, written + 1).Select(number => (long)number), reopened.Latest.Select(entry => entry.Sequence));
            Assert.Equal(ChangePhase.Reverting, Assert.Single(reopened.Changes).Phase);
        }
        finally
        {
            Mount("umount", folder);
        }
    }

    [Fact]
    public void A_change_of_an_earlier_version_is_still_read()
    {
        const string Edge = """{"node":"node-1","owner":{"namespace":"lab","workload":"uploader","pod":"uploader-0"},"peer":{"namespace":"lab","workload":"archive","pod":"archive-0"},"serverPort":"9000","role":"client"}""";
        System.IO.File.WriteAllText(File, $$$"""
            {"sequence":1,"at":"2026-01-01T12:00:00+00:00","kind":"Change","subject":"lab/archive-0","text":"kept","change":{"name":"archive-0-tcp-rmem-1","cause":"ReceiveWindowBelowBandwidthDelay","node":"node-1","pod":{"namespace":"lab","name":"archive-0"},"sysctl":"net.ipv4.tcp_rmem","before":"4096 131072 131072","after":"4096 131072 1220608","edge":{{{Edge}}},"controls":[{{{Edge.Replace("-0", "-1", StringComparison.Ordinal)}}}],"troubleSince":"2026-01-01T11:59:50+00:00","expected":{"value":5875000,"megabitsPerSecond":47},"plannedAt":"2026-01-01T12:00:00+00:00","judgeAfter":"00:00:15","revertAt":"2026-01-01T12:02:00+00:00"},"phase":"Kept"}

            """);
        using var journal = new ChangeJournal(File, clock);
        var change = Assert.Single(journal.Changes).Change;
        Assert.Equal([new SysctlWrite("net.ipv4.tcp_rmem", "4096 131072 131072", "4096 131072 1220608")], change.Writes.AsEnumerable());
        Assert.Equal("archive", change.Workload);
        Assert.Equal(new Subject.OfEdge(Examples.Upload(0)), change.Objective.Subject);
        Assert.Equal(new Subject.OfEdge(Examples.Upload(1)), Assert.Single(change.Controls).Subject);
        Assert.Equal(5_875_000, change.Expected);
    }

    [Theory]
    [InlineData("RunningConnections", SysctlEffect.Live)]
    [InlineData("NewPods", SysctlEffect.NewNamespaces)]
    [InlineData("NextListen", SysctlEffect.NextListen)]
    public void When_a_value_counts_is_read_in_an_earlier_versions_words_too(string written, SysctlEffect effect)
    {
        using (var journal = new ChangeJournal(File, clock))
        {
            journal.Enter(ChangePhase.Planned, Change(), "planned");
        }

        System.IO.File.WriteAllText(File, System.Text.RegularExpressions.Regex.Replace(System.IO.File.ReadAllText(File), "\"takesEffect\":\"[A-Za-z]+\"", $"\"takesEffect\":\"{written}\""));
        using var read = new ChangeJournal(File, clock);
        Assert.Equal(effect, Assert.Single(read.Changes).Change.TakesEffect);
    }

    [Fact]
    public void A_second_process_is_refused()
    {
        using var journal = new ChangeJournal(File, clock);
        Assert.Throws<IOException>(() => new ChangeJournal(File, clock));
    }

    private static void Mount(string command, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void A_file_that_is_full_is_begun_anew_with_every_change_that_is_open_or_kept()
    {
        var kept = Change() with { Name = "kept" };
        var open = Change() with { Name = "open" };
        using (var journal = new ChangeJournal(File, clock, maximumBytes: 20_000))
        {
            journal.Enter(ChangePhase.Applied, kept, "in force");
            journal.Enter(ChangePhase.Kept, kept, "kept");
            clock.Advance(TimeSpan.FromSeconds(5));
            journal.Enter(ChangePhase.Applied, open, "in force");
            for (var i = 0; i < 400; i++)
            {
                journal.Note(EntryKind.Finding, "edge", $"finding {i} {new string('x', 100)}");
            }
        }

        Assert.InRange(new FileInfo(File).Length, 1, 25_000);
        Assert.InRange(Directory.GetFiles(folder).Sum(file => new FileInfo(file).Length), 1, 60_000);
        using var reopened = new ChangeJournal(File, clock, maximumBytes: 20_000);
        Assert.Equal(["kept Kept", "open Applied"], reopened.Changes.Select(state => $"{state.Change.Name} {state.Phase}"));
        Assert.Equal([Examples.Now, Examples.Now.AddSeconds(5)], reopened.Changes.Select(state => state.AppliedAt!.Value));
        Assert.Equal([Examples.Now, Examples.Now.AddSeconds(5)], reopened.Changes.Select(state => state.Since));
        var sequences = reopened.Latest.Select(entry => entry.Sequence).ToArray();
        Assert.Equal(Enumerable.Range(0, sequences.Length).Select(i => sequences[0] + i), sequences);
    }

    [Fact]
    public void Killed_between_the_two_names_nothing_is_lost()
    {
        using (var journal = new ChangeJournal(File, clock))
        {
            journal.Enter(ChangePhase.Applied, Change(), "in force");
        }

        System.IO.File.Move(File, File + ".1");
        System.IO.File.WriteAllText(File + ".new", "half of it");
        using var reopened = new ChangeJournal(File, clock);
        Assert.Equal(ChangePhase.Applied, Assert.Single(reopened.Changes).Phase);
        Assert.False(System.IO.File.Exists(File + ".new"));
    }

    [Fact]
    public void Killed_before_the_old_file_gave_its_name_away_the_new_one_is_forgotten()
    {
        using (var journal = new ChangeJournal(File, clock))
        {
            journal.Enter(ChangePhase.Applied, Change(), "in force");
        }

        System.IO.File.WriteAllText(File + ".new", "half of it");
        using var reopened = new ChangeJournal(File, clock);
        Assert.Equal(ChangePhase.Applied, Assert.Single(reopened.Changes).Phase);
    }

    [Fact]
    public void A_new_file_that_cannot_be_made_stops_nothing()
    {
        Directory.CreateDirectory(File + ".new");
        System.IO.File.WriteAllText(Path.Combine(File + ".new", "in the way"), "");
        using var journal = new ChangeJournal(File, clock, maximumBytes: 1000);
        for (var i = 0; i < 20; i++)
        {
            journal.Enter(ChangePhase.Applied, Change(), "in force");
        }

        Assert.Equal(20, journal.Latest.Count);
    }

    private static Change Change()
    {
        var proposal = RemedySearch.For([Examples.WindowFinding(0)], [Examples.Traffic(1)], Examples.Cluster())[0];
        return new Change(
            "archive-0-tcp-rmem-1", proposal.Finding.Cause, proposal.Node, proposal.Pod, proposal.Workload, proposal.Writes, proposal.Objective,
            proposal.Controls, Examples.Now, proposal.Expected, proposal.TakesEffect, Examples.Now, TimeSpan.FromSeconds(15), Examples.Now.AddMinutes(2));
    }
}
