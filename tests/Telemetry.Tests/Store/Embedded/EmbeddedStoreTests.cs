using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

public sealed class EmbeddedStoreTests : IDisposable
{
    private static readonly LabelSet M = LabelSet.Of("m");
    private readonly StoreRig rig = new();

    public void Dispose() => rig.Dispose();

    [Fact]
    public async Task Samples_survive_the_end_of_the_process_before_and_after_a_flush()
    {
        await rig.AppendAsync(new Sample(M, rig.Now, 1));
        rig.Reopen();
        await rig.AssertValuesAsync("m", 1.0);
        await rig.FlushAsync();
        Assert.Equal(0, rig.Store.Statistics.HeadSamples);
        await rig.AppendAsync(new Sample(M, rig.Now + 1, 2));
        await rig.AssertValuesAsync("m", 1.0, 2.0);
        rig.Reopen();
        await rig.AssertValuesAsync("m", 1.0, 2.0);
    }

    [Fact]
    public async Task For_the_same_time_the_last_written_wins_wherever_the_others_are()
    {
        var flushed = new Sample(M, rig.Now, 1);
        await rig.AppendAsync(flushed, flushed with { Value = 2 });
        await rig.AssertValuesAsync("m", 2.0);
        await rig.FlushAsync();
        await rig.AssertValuesAsync("m", 2.0);
        await rig.AppendAsync(flushed with { Value = 3 });
        await rig.AssertValuesAsync("m", 3.0);
        await rig.FlushAsync();
        await rig.AssertValuesAsync("m", 3.0);
        rig.Reopen();
        await rig.AssertValuesAsync("m", 3.0);
    }

    [Fact]
    public async Task Samples_out_of_order_are_read_in_order()
    {
        rig.Options.OutOfOrderWindow = TimeSpan.FromDays(7);
        rig.Reopen();
        var order = Enumerable.Range(0, 1000).ToArray();
        new Random(3).Shuffle(order);
        foreach (var part in order.Chunk(300))
        {
            await rig.AppendAsync([.. part.Select(i => new Sample(M, rig.Now - (i * 60_000L * 10), i))]);
            await rig.FlushAsync();
        }

        Assert.Equal(Enumerable.Range(0, 1000).Reverse().Select(i => (double)i), await rig.ValuesAsync("m"));
    }

    [Fact]
    public async Task Samples_months_apart_are_read_in_order_from_the_log_and_from_the_files()
    {
        rig.Options.RetentionAge = rig.Options.OutOfOrderWindow = TimeSpan.FromDays(365);
        rig.Reopen();
        const long Day = 86_400_000;
        await rig.AppendAsync(new Sample(M, rig.Now, 6), new Sample(M, rig.Now - (60 * Day), 2), new Sample(M, rig.Now - 1, 5));
        await rig.AppendAsync(new Sample(M, rig.Now - (61 * Day), 1), new Sample(M, rig.Now - (20 * Day), 4), new Sample(M, rig.Now - (60 * Day) + 1, 3));
        await rig.AssertValuesAsync("m", 1, 2, 3, 4, 5, 6);
        rig.Reopen();
        await rig.AssertValuesAsync("m", 1, 2, 3, 4, 5, 6);
        await rig.FlushAsync();
        await rig.AssertValuesAsync("m", 1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public async Task Every_bit_of_a_double_survives()
    {
        double[] odd = [double.NaN, BitConverter.UInt64BitsToDouble(0x7ff0_0000_0000_0002), -0.0, double.NegativeInfinity, double.Epsilon];
        await rig.AppendAsync([.. odd.Select((value, i) => new Sample(M, rig.Now + i, value))]);
        rig.Reopen();
        await rig.FlushAsync();
        var read = await rig.ValuesAsync("m");
        Assert.Equal(odd.Select(BitConverter.DoubleToUInt64Bits), read.Select(BitConverter.DoubleToUInt64Bits));
    }

    [Fact]
    public async Task A_range_includes_both_its_ends()
    {
        await rig.AppendAsync([.. Enumerable.Range(0, 10).Select(i => new Sample(M, rig.Now + i, i))]);
        for (var flushed = 0; flushed < 2; flushed++)
        {
            var range = new TimeRange(DateTimeOffset.FromUnixTimeMilliseconds(rig.Now + 3), DateTimeOffset.FromUnixTimeMilliseconds(rig.Now + 5));
            var read = Assert.Single(await rig.Store.ReadAsync(SeriesSelector.Of("m"), range, CancellationToken.None));
            Assert.Equal([3.0, 4.0, 5.0], read.Values.ToArray());
            await rig.FlushAsync();
        }
    }

    [Fact]
    public async Task A_selector_finds_what_it_matches_in_the_head_and_in_the_files()
    {
        var random = new Random(4);
        var all = new HashSet<LabelSet>();
        for (var i = 0; i < 300; i++)
        {
            all.Add(LabelSet.Of($"m{random.Next(3)}", ("a", Pick(random)), ("b", Pick(random)), ("c", Pick(random)), ("d", Pick(random))));
        }

        await rig.AppendAsync([.. all.Take(all.Count / 2).Select(labels => new Sample(labels, rig.Now, 1))]);
        await rig.FlushAsync();
        await rig.AppendAsync([.. all.Skip(all.Count / 2).Select(labels => new Sample(labels, rig.Now, 1))]);
        for (var round = 0; round < 300; round++)
        {
            var selector = new SeriesSelector([.. Enumerable.Range(0, random.Next(0, 4)).Select(_ =>
                new LabelMatcher("abcd"[random.Next(4)].ToString(), (MatchKind)random.Next(4), Pick(random)))]);
            Assert.Equal(all.Where(selector.Matches).ToHashSet(), (await rig.ReadAsync(selector)).Select(series => series.Labels).ToHashSet());
        }

        static string Pick(Random random) => random.Next(4) switch { 0 => "", 1 => "x", 2 => "x|y", _ => "y*" };
    }

    [Fact]
    public async Task A_series_is_listed_where_it_has_a_sample_in_the_range_wherever_that_is()
    {
        var hour = (long)TimeSpan.FromHours(1).TotalMilliseconds;
        var (ended, gap, late) = (LabelSet.Of("m", ("pod", "ended")), LabelSet.Of("m", ("pod", "gap")), LabelSet.Of("m", ("pod", "late")));
        await rig.AppendAsync(new Sample(ended, rig.Now - (15 * hour), 1), new Sample(gap, rig.Now - (15 * hour), 1), new Sample(gap, rig.Now - hour, 2));
        for (var flushes = 0; flushes < 3; flushes++)
        {
            await AssertListedAsync(-15, -15, ended, gap);
            await AssertListedAsync(-16, -2, ended, gap);
            await AssertListedAsync(-14, -2);
            await AssertListedAsync(-2, 0, gap);
            await AssertListedAsync(-24, 0, ended, gap);
            await rig.FlushAsync();
        }

        await rig.AppendAsync(new Sample(late, rig.Now, 3), new Sample(gap, rig.Now, 3));
        await AssertListedAsync(0, 0, gap, late);
        await AssertListedAsync(-24, 0, ended, gap, late);
        rig.Reopen();
        await AssertListedAsync(-24, 0, ended, gap, late);
        var range = new TimeRange(rig.Clock.GetUtcNow().AddDays(-1), rig.Clock.GetUtcNow());
        Assert.Equal(["gap", "late"], (await ((ISampleStore)rig.Store).LabelValuesAsync(
            "pod", [SeriesSelector.Of("m", ("pod", "late")), SeriesSelector.Of("m", ("pod", "gap")), SeriesSelector.Of("none")], range, CancellationToken.None)).Order(StringComparer.Ordinal));

        async Task AssertListedAsync(int fromHours, int toHours, params LabelSet[] expected) => Assert.Equal(
            expected.ToHashSet(),
            (await rig.Store.SeriesAsync([SeriesSelector.Of("m")], new TimeRange(rig.Clock.GetUtcNow().AddHours(fromHours), rig.Clock.GetUtcNow().AddHours(toHours)), CancellationToken.None)).ToHashSet());
    }

    [Fact]
    public async Task A_segment_is_flushed_when_it_is_long_or_old()
    {
        rig.Options.SegmentSamples = 200;
        rig.Reopen();
        await rig.AppendAsync([.. Enumerable.Range(0, 200).Select(i => new Sample(M, rig.Now + i, i))]);
        await Eventually.HoldsAsync(() => rig.Store.Statistics is { Segments: 1, HeadSamples: 0 });
        await rig.AppendAsync(new Sample(M, rig.Now + 1000, 1));
        Assert.Equal(1, rig.Store.Statistics.HeadSamples);
        rig.Clock.Advance(rig.Options.SegmentAge);
        await Eventually.HoldsAsync(() => rig.Store.Statistics is { Segments: 1, HeadSamples: 0 });
        Assert.Equal(201, (await rig.ValuesAsync("m")).Length);
    }

    [Fact]
    public async Task A_flush_that_is_done_again_after_a_crash_duplicates_nothing()
    {
        await rig.AppendAsync(new Sample(M, rig.Now, 1), new Sample(M, rig.Now - 86_400_000, 2));
        var segment = Assert.Single(Directory.GetFiles(Path.Combine(rig.Directory, "wal"), "*.log"));
        var content = await File.ReadAllBytesAsync(segment);
        await rig.FlushAsync();
        rig.Store.Dispose();
        Assert.False(File.Exists(segment));
        await File.WriteAllBytesAsync(segment, content);
        File.Delete(Path.Combine(rig.Directory, "2026-11-21.db")); // as if the crash had come between the two days
        rig.Reopen();
        await rig.FlushAsync();
        await rig.AssertValuesAsync("m", 2.0, 1.0);
        Assert.Equal(2, CountChunks("2026-11-21.db") + CountChunks("2026-11-22.db"));
    }

    [Fact]
    public void A_day_file_that_was_not_finished_is_removed_at_the_start()
    {
        var unfinished = Path.Combine(rig.Directory, "2026-11-22.db.new");
        File.WriteAllText(unfinished, "");
        File.WriteAllText(unfinished + "-journal", "");
        rig.Reopen();
        Assert.Empty(Directory.GetFiles(rig.Directory, "*.db*"));
    }

    [Fact]
    public async Task An_emptied_wal_directory_does_not_hide_new_samples()
    {
        await rig.AppendAsync(new Sample(M, rig.Now, 1));
        await rig.FlushAsync();
        rig.Store.Dispose();
        Directory.Delete(Path.Combine(rig.Directory, "wal"), recursive: true);
        rig.Reopen();
        await rig.AppendAsync(new Sample(M, rig.Now + 1, 2));
        await rig.FlushAsync();
        await rig.AssertValuesAsync("m", 1.0, 2.0);
    }

    [Fact]
    public async Task Days_older_than_is_kept_are_deleted_and_counted()
    {
        await rig.AppendAsync(new Sample(M, rig.Now, 1), new Sample(M, rig.Now + 1, 2));
        await DaysGoByAsync(7);
        Assert.Equal(0, rig.Store.Statistics.DaysDropped);
        await DaysGoByAsync(1);
        Assert.Equal((1, 2), (rig.Store.Statistics.DaysDropped, rig.Store.Statistics.SamplesDropped));

        // of the first day's two samples the roll-ups tell, one each
        Assert.Equal(8 + 2, (await rig.ValuesAsync("m")).Length);
        Assert.Equal(8, Directory.GetFiles(rig.Directory, "*.db").Length);
    }

    [Fact]
    public async Task Days_older_than_is_kept_are_deleted_at_the_start_too()
    {
        await DaysGoByAsync(8);
        rig.Store.Dispose();
        rig.Clock.Advance(TimeSpan.FromDays(1));
        rig.Reopen();
        await rig.FlushAsync();
        Assert.Equal(1, rig.Store.Statistics.DaysDropped);
        Assert.Equal(7, Directory.GetFiles(rig.Directory, "*.db").Length);
    }

    [Fact]
    public async Task A_clock_that_is_years_ahead_does_not_empty_the_store()
    {
        await DaysGoByAsync(8);
        rig.Clock.Advance(TimeSpan.FromDays(3650));
        await rig.AppendAsync(new Sample(M, rig.Now, 1));
        await rig.FlushAsync();
        Assert.InRange((await rig.ValuesAsync("m")).Length, 7, 9);
        rig.Reopen();
        Assert.InRange((await rig.ValuesAsync("m")).Length, 7, 9);
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_deletes_nothing_and_right_times_are_still_taken()
    {
        rig.Options.RetentionAge = TimeSpan.FromHours(1);
        rig.Reopen();
        await rig.AppendAsync(new Sample(M, rig.Now, 1));
        await rig.FlushAsync();
        var right = rig.Now + 1000;
        rig.Clock.Jump(TimeSpan.FromDays(365));
        await rig.AppendAsync(new Sample(LabelSet.Of("ahead"), rig.Now, 2), new Sample(M, right, 3));
        await rig.FlushAsync();
        await rig.AssertValuesAsync("ahead", 2.0);
        await rig.AssertValuesAsync("m", 1.0, 3.0);
        Assert.Equal((0, 0), (rig.Store.Statistics.DaysDropped, rig.Store.Statistics.SamplesDropped));
    }

    [Fact]
    public async Task A_segment_in_the_log_is_kept_whatever_the_clock_says_when_it_is_flushed()
    {
        await rig.AppendAsync(new Sample(M, rig.Now, 1));
        rig.Clock.Advance(TimeSpan.FromDays(3650));
        await rig.FlushAsync();
        await rig.AssertValuesAsync("m", 1.0);
    }

    [Fact]
    public async Task The_oldest_days_are_deleted_when_the_files_are_too_large_but_never_the_newest()
    {
        rig.Options.RetentionBytes = 1;
        rig.Reopen();
        await DaysGoByAsync(3);
        Assert.Equal(2, rig.Store.Statistics.DaysDropped);
        Assert.Single(Directory.GetFiles(rig.Directory, "*.db"));
    }

    [Fact]
    public async Task A_sample_far_behind_its_series_is_dropped_and_counted()
    {
        await rig.AppendAsync(new Sample(M, rig.Now, 1));
        await rig.AppendAsync(new Sample(M, rig.Now - 86_400_000, 2), new Sample(M, rig.Now - 86_400_001, 3), new Sample(LabelSet.Of("n"), rig.Now - 86_400_001, 4));
        await rig.AssertValuesAsync("m", 2.0, 1.0);
        await rig.AssertValuesAsync("n", 4.0);
        Assert.Equal(1, rig.Store.Statistics.SamplesDropped);
        rig.Reopen();
        await rig.AppendAsync(new Sample(M, rig.Now - 86_400_001, 3));
        await rig.AssertValuesAsync("m", 2.0, 1.0);
    }

    [Fact]
    public async Task Samples_too_old_or_too_far_ahead_are_dropped_and_counted()
    {
        await rig.AppendAsync(
            new Sample(M, rig.Now, 1), new Sample(M, rig.Now - (8 * 86_400_000L), 2), new Sample(M, rig.Now + (2 * 86_400_000L), 3),
            new Sample(M, long.MinValue, 4), new Sample(M, long.MaxValue, 5));
        await rig.AssertValuesAsync("m", 1.0);
        Assert.Equal(4, rig.Store.Statistics.SamplesDropped);
    }

    [Fact]
    public async Task Labels_beyond_all_reason_are_refused_for_good()
    {
        var e = await Assert.ThrowsAsync<SampleStoreException>(() => rig.AppendAsync(new Sample(LabelSet.Of("m", ("a", new string('x', 70_000))), rig.Now, 1)));
        Assert.False(e.Retryable);
    }

    [Fact]
    public async Task Appends_from_many_threads_are_all_kept()
    {
        rig.Options.SegmentBytes = 4096;
        rig.Reopen();
        await Parallel.ForAsync(0, 300, async (i, token) =>
            await rig.Store.AppendAsync([new Sample(LabelSet.Of("m", ("i", $"{i % 7}")), rig.Now + i, i)], token));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (double)i), (await rig.ReadAsync(SeriesSelector.Of("m"))).SelectMany(s => s.Values.ToArray()).Order());
    }

    [Fact]
    public async Task Reads_see_every_acknowledged_sample_while_segments_are_flushed()
    {
        rig.Options.SegmentBytes = 1024;
        rig.Reopen();
        for (var i = 0; i < 300; i++)
        {
            await rig.AppendAsync(new Sample(M, rig.Now + i, i), new Sample(M, rig.Now - 86_400_000 + i, i));
            Assert.Equal((i + 1) * 2, (await rig.ValuesAsync("m")).Length);
        }
    }

    [Fact]
    public async Task A_long_append_is_kept_whole()
    {
        await rig.AppendAsync([.. Enumerable.Range(0, 200_000).Select(i => new Sample(LabelSet.Of("m", ("i", $"{i % 100}")), rig.Now + i, i))]);
        rig.Reopen();
        Assert.Equal(200_000, (await rig.ReadAsync(SeriesSelector.Of("m"))).Sum(series => series.Count));
    }

    [Fact]
    public void A_second_opening_is_refused_with_the_directory_and_a_remedy()
    {
        var e = Assert.Throws<SampleStoreException>(() => StoreRig.OpenOther(rig.Options).Dispose());
        Assert.Contains(rig.Directory, e.Message, StringComparison.Ordinal);
        Assert.Contains("another process", e.Message, StringComparison.Ordinal);
        Assert.False(e.Retryable);
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_refused_with_its_name()
    {
        var e = Assert.Throws<SampleStoreException>(() => StoreRig.OpenOther(new EmbeddedStoreOptions { Directory = "/proc/no-store-here" }).Dispose());
        Assert.Contains("/proc/no-store-here", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_store_says_so()
    {
        rig.Store.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => rig.AppendAsync(new Sample(M, rig.Now, 1)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => rig.ReadAsync(SeriesSelector.Of("m")));
    }

    /// <summary>A sample a day, at noon of each.</summary>
    private async Task DaysGoByAsync(int days)
    {
        for (var day = 1; day <= days; day++)
        {
            rig.Clock.Advance(TimeSpan.FromDays(1));
            await rig.AppendAsync(new Sample(M, rig.Now, day));
            await rig.FlushAsync();
        }
    }

    private long CountChunks(string file)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(rig.Directory, file)};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM chunks";
        return (long)count.ExecuteScalar()!;
    }
}
