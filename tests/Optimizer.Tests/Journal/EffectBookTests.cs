using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Tests.Journal;

public sealed class EffectBookTests : IDisposable
{
    private static readonly SysctlProposal Proposal = RemedySearch.For([Examples.WindowFinding()], [], Examples.Cluster())[0];

    private readonly string folder = Directory.CreateTempSubdirectory("netpulse-effects-").FullName;

    private string JournalFile => Path.Combine(folder, "journal.jsonl");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Nothing_is_learned_from_nothing()
    {
        var book = new EffectBook(JournalFile);
        Assert.Null(book.Of(Proposal));
        Assert.Equal(Proposal, Assert.Single(book.Learned([Proposal])));
    }

    [Fact]
    public void What_was_measured_moves_the_expectation_the_more_the_oftener()
    {
        var book = new EffectBook(JournalFile);
        Record(book, Outcome.Helped, 2);
        var once = Assert.Single(book.Learned([Proposal]));
        Enumerable.Range(0, 8).ToList().ForEach(_ => Record(book, Outcome.Helped, 2));
        var often = Assert.Single(new EffectBook(JournalFile).Learned([Proposal]));

        Assert.InRange(once.Expected, often.Expected, Proposal.Expected);
        Assert.InRange(often.Expected / Proposal.Measured, 2, 2.7);
        Assert.Contains("×2.0 (2.0 to 2.0) in 9 of 9 changes before", often.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_failed_ranks_lower()
    {
        var book = new EffectBook(JournalFile);
        Record(book, Outcome.NoEffect, 1);
        Record(book, Outcome.Harmed, 0.5);
        var other = Proposal with { At = Proposal.At with { Workload = "web" } };
        Assert.Equal(["web", "archive"], book.Learned([Proposal, other]).Select(proposal => proposal.Workload));
        Assert.Equal(2, book.Of(Proposal)!.Failures);
        Assert.Equal(Proposal.Expected, book.Learned([Proposal])[0].Expected);
    }

    [Fact]
    public void A_line_that_was_cut_off_spoils_no_other_and_the_file_stays_short()
    {
        var book = new EffectBook(JournalFile);
        Record(book, Outcome.Helped, 2);
        File.AppendAllText(Path.Combine(folder, EffectBook.FileName), "{\"key\":");
        book = new EffectBook(JournalFile);
        Assert.Equal(1, book.Unreadable);
        Enumerable.Range(0, 300).ToList().ForEach(_ => Record(book, Outcome.Helped, 3));
        Assert.InRange(File.ReadAllLines(Path.Combine(folder, EffectBook.FileName)).Length, 20, 100);
        Assert.Equal(20, new EffectBook(JournalFile).Of(Proposal)!.Helped);
    }

    [Fact]
    public void A_disk_that_refuses_stops_nothing()
    {
        Directory.CreateDirectory(Path.Combine(folder, EffectBook.FileName));
        var book = new EffectBook(JournalFile);
        Record(book, Outcome.Helped, 2);
        Assert.Equal(1, book.Unwritten);
        Assert.Equal(1, book.Of(Proposal)!.Helped);
    }

    private static void Record(EffectBook book, Outcome outcome, double gain)
    {
        var change = new Change(
            "c", Proposal.Finding.Cause, Proposal.Node, Proposal.Pod, Proposal.Workload, Proposal.Writes, Proposal.Objective, [], Examples.Now, Proposal.Expected, Proposal.TakesEffect,
            Examples.Now, TimeSpan.FromSeconds(15), Examples.Now);
        book.Record(change, new Verdict(outcome, 1, gain, new Effect(gain, gain, gain, 0.001), ""), Examples.Now);
    }
}
