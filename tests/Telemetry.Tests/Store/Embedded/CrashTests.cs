using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

public sealed class CrashTests
{
    /// <summary>A few where every change is tested; <c>make store-kill-test</c> sets more.</summary>
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("NETPULSE_STORE_KILLS") ?? "12");

    [Fact]
    public async Task Killed_at_any_moment_it_has_every_acknowledged_sample_once_and_at_most_the_one_in_flight()
    {
        using var directory = new TemporaryDirectory();
        var random = new Random();
        var start = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        long acknowledged = 0; // numbers begin at 1
        for (var round = 0; round < Rounds; round++)
        {
            acknowledged = await AppendUntilKilledAsync(directory.Path, acknowledged, start, round % 3 == 2 ? 0 : random.Next(1, 200));
            using var store = StoreRig.OpenOther(new EmbeddedStoreOptions { Directory = directory.Path, SegmentBytes = 1024 });
            Assert.Equal(0, store.Statistics.DamagedFiles);
            var today = await NumbersAsync(store, "today");
            Assert.InRange(today.Length, acknowledged, acknowledged + 1);
            Assert.Equal(Enumerable.Range(1, today.Length).Select(n => (double)n), today);
            Assert.Equal(today, await NumbersAsync(store, "yesterday"));
            acknowledged = today.Length;
        }
    }

    [Fact]
    public async Task A_second_process_is_refused_with_the_directory_and_a_remedy()
    {
        using var rig = new StoreRig();
        using var second = new StoreWriterProcess(rig.Directory, 1, 0);
        var (exitCode, error) = await second.EndAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains(rig.Directory, error, StringComparison.Ordinal);
        Assert.Contains("another process has it open", error, StringComparison.Ordinal);
    }

    private static async Task<long> AppendUntilKilledAsync(string directory, long acknowledged, long start, int killAfter)
    {
        using var writer = new StoreWriterProcess(directory, acknowledged + 1, start);
        var killAt = acknowledged + killAfter;
        await writer.OpeningAsync();
        if (killAfter == 0)
        {
            KillWithin(writer, spins: 1_000_000); // while it replays the log and flushes it
        }

        while (await writer.NextAsync() is { } number)
        {
            acknowledged = number;
            if (number == killAt)
            {
                KillWithin(writer, spins: 20_000);
            }
        }

        var (_, error) = await writer.EndAsync();
        Assert.Equal("", error);
        return acknowledged;
    }

    /// <summary>On another thread and a little later: it shall hit any moment of a write, a sync and a flush, not always the one after an answer.</summary>
    private static void KillWithin(StoreWriterProcess writer, int spins) => _ = Task.Run(() =>
    {
        Thread.SpinWait(Random.Shared.Next(spins));
        writer.Kill();
    });

    private static async Task<double[]> NumbersAsync(EmbeddedStore store, string name)
    {
        var range = new TimeRange(DateTimeOffset.UnixEpoch, TimeProvider.System.GetUtcNow().AddDays(2));
        return Assert.Single(await store.ReadAsync(SeriesSelector.Of(name), range, CancellationToken.None)).Values.ToArray();
    }
}
