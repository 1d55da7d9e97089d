using Microsoft.Data.Sqlite;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

/// <summary>What a disk can do to files: whatever it is, it is named, set aside, and the rest is served.</summary>
public sealed class DamageTests
{
    private const int Samples = 100;
    private const string WalFile = "wal/00000002.log";
    private static readonly string[] Days = ["2026-11-21.db", "2026-11-22.db"];

    [Fact]
    public async Task A_record_that_was_cut_off_is_forgotten_and_the_rest_served()
    {
        using var original = await OriginalAsync();
        var length = new FileInfo(original.File(WalFile)).Length;
        for (var cut = 0; cut < length; cut += 97)
        {
            using var rig = Damaged(original, WalFile, file => file.SetLength(cut));
            var log = await ValuesAsync(rig, "log");
            Assert.Equal(Enumerable.Range(0, log.Length).Select(i => (double)i), log);
            Assert.Equal(0, rig.Store.Statistics.DamagedFiles);
            Assert.Equal(Samples, (await ValuesAsync(rig, "today")).Length);
            await AssertGoesOnAsync(rig);
        }
    }

    [Fact]
    public async Task A_cut_off_record_is_logged_with_its_file()
    {
        using var original = await OriginalAsync();
        using var rig = Damaged(original, WalFile, file => file.SetLength(file.Length - 1));
        Assert.Contains(rig.Log, line => line.StartsWith("Information", StringComparison.Ordinal) && line.Contains(WalFile, StringComparison.Ordinal));
        Assert.Equal(Samples - 1, (await ValuesAsync(rig, "log")).Length);
    }

    [Fact]
    public async Task Zeros_that_a_power_cut_left_behind_are_cut_off()
    {
        using var original = await OriginalAsync();
        using var rig = Damaged(original, WalFile, file => file.SetLength(file.Length + 4096));
        Assert.Equal(Samples, (await ValuesAsync(rig, "log")).Length);
        Assert.Equal(0, rig.Store.Statistics.DamagedFiles);
    }

    [Fact]
    public async Task A_flipped_bit_in_the_log_keeps_what_is_before_it_and_sets_the_file_aside()
    {
        using var original = await OriginalAsync();
        var random = new Random(5);
        for (var round = 0; round < 40; round++)
        {
            using var rig = Damaged(original, WalFile, file => Flip(file, random));
            var log = await ValuesAsync(rig, "log");
            Assert.Equal(Enumerable.Range(0, log.Length).Select(i => (double)i), log);
            Assert.InRange(log.Length, 0, Samples - 1);
            AssertNamed(rig, WalFile);
            Assert.Equal(Samples, (await ValuesAsync(rig, "today")).Length);
            await AssertGoesOnAsync(rig);
            rig.Reopen();
            Assert.Equal(log.Length, (await ValuesAsync(rig, "log")).Length);
            Assert.Equal(1, rig.Store.Statistics.DamagedFiles);
        }
    }

    [Fact]
    public async Task A_segment_that_is_cut_off_though_another_follows_is_set_aside()
    {
        using var original = await OriginalAsync();
        File.WriteAllBytes(original.File("wal/00000003.log"), []);
        using var rig = Damaged(original, WalFile, file => file.SetLength(file.Length - 1));
        Assert.Equal(Samples - 1, (await ValuesAsync(rig, "log")).Length);
        AssertNamed(rig, WalFile);
    }

    [Fact]
    public async Task A_flipped_bit_in_a_day_file_is_never_served()
    {
        using var original = await OriginalAsync();
        var random = new Random(6);
        var found = 0;
        for (var round = 0; round < 40; round++)
        {
            var file = Days[round % 2];
            using var rig = Damaged(original, file, content => Flip(content, random));
            found += await AssertTrueOrSetAsideAsync(rig, file) ? 1 : 0;
        }

        // the others hit bytes that mean nothing: free space of a page, a counter
        Assert.InRange(found, 10, 40);
    }

    [Fact]
    public async Task A_truncated_day_file_is_set_aside_and_the_rest_served()
    {
        using var original = await OriginalAsync();
        var length = new FileInfo(original.File(Days[0])).Length;
        for (long cut = 0; cut < length; cut += (length / 20) + 1)
        {
            using var rig = Damaged(original, Days[0], file => file.SetLength(cut));
            Assert.True(await AssertTrueOrSetAsideAsync(rig, Days[0]));
        }
    }

    [Fact]
    public async Task A_day_file_that_is_no_database_is_set_aside_at_the_start()
    {
        using var original = await OriginalAsync();
        File.WriteAllText(original.File(Days[0]), "This was a database once.");
        using var rig = new StoreRig(original.Path);
        AssertNamed(rig, Days[0]);
        Assert.Equal(Samples, (await ValuesAsync(rig, "today")).Length);
    }

    [Fact]
    public async Task A_day_file_that_is_damaged_while_the_store_is_open_does_not_stop_a_flush()
    {
        using var original = await OriginalAsync();
        using var rig = new StoreRig(original.Path);
        await rig.FlushAsync();
        using (var file = new FileStream(original.File(Days[1]), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Write(new byte[file.Length]);
        }

        await AssertGoesOnAsync(rig);
        Assert.Equal(Samples, (await ValuesAsync(rig, "yesterday")).Length);
        AssertNamed(rig, Days[1]);
    }

    [Fact]
    public async Task A_flipped_bit_in_one_group_of_series_leaves_the_others_of_its_day_served()
    {
        using var original = await OriginalAsync();
        using var rig = new StoreRig(original.Path);
        await rig.AppendAsync([.. Enumerable.Range(0, 300).Select(i => new Sample(LabelSet.Of("other", ("i", $"{i}")), rig.Now, i))]);
        await rig.FlushAsync();
        await rig.AppendAsync([.. Enumerable.Range(0, Samples).Select(i => new Sample(LabelSet.Of("far"), rig.Now + i, i))]);
        await rig.FlushAsync();
        rig.Store.Dispose();
        var file = File.ReadAllBytes(original.File(Days[1]));
        file[file.AsSpan().IndexOf(LastChunk(original.File(Days[1]))) + 20] ^= 4;
        File.WriteAllBytes(original.File(Days[1]), file);
        rig.Reopen();
        Assert.Empty(await ValuesAsync(rig, "far"));
        Assert.Equal(Samples, (await ValuesAsync(rig, "log")).Length);
        Assert.Equal(Samples, (await ValuesAsync(rig, "today")).Length);
        AssertNamed(rig, Days[1]);
        await AssertGoesOnAsync(rig);
        rig.Reopen();
        Assert.Equal(Samples, (await ValuesAsync(rig, "today")).Length);
        Assert.Equal(1, rig.Store.Statistics.DamagedFiles);
    }

    [Fact]
    public async Task A_damaged_file_is_deleted_when_its_samples_would_be()
    {
        using var original = await OriginalAsync();
        File.WriteAllText(original.File(Days[0]), "This was a database once.");
        using var rig = new StoreRig(original.Path);
        AssertNamed(rig, Days[0]);
        File.SetLastWriteTimeUtc(Path.Combine(rig.Directory, Days[0] + DamagedFiles.Extension), rig.Clock.GetUtcNow().UtcDateTime);
        for (var day = 1; day <= 8; day++)
        {
            Assert.Equal(day < 8 ? 1 : 0, await DamagedAfterAsync(day));
        }

        async Task<int> DamagedAfterAsync(int day)
        {
            rig.Clock.Advance(TimeSpan.FromDays(1));
            await rig.AppendAsync(new Sample(LabelSet.Of("later"), rig.Now, day));
            await rig.FlushAsync();
            return rig.Store.Statistics.DamagedFiles;
        }
    }

    [Fact]
    public async Task A_day_file_that_was_removed_by_hand_does_not_stop_a_flush()
    {
        using var original = await OriginalAsync();
        using var rig = new StoreRig(original.Path);
        await rig.FlushAsync();
        File.Delete(original.File(Days[1]));
        await AssertGoesOnAsync(rig);
        Assert.Equal(Samples, (await ValuesAsync(rig, "yesterday")).Length);
        Assert.Contains(rig.Log, line => line.Contains("was removed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_damaged_file_of_the_same_name_does_not_replace_the_first()
    {
        using var original = await OriginalAsync();
        File.WriteAllText(original.File(Days[0]), "one");
        File.WriteAllText(original.File(Days[0] + ".damaged"), "other");
        using var rig = new StoreRig(original.Path);
        Assert.Equal(2, rig.Store.Statistics.DamagedFiles);
        Assert.Equal("one", File.ReadAllText(original.File(Days[0] + ".2.damaged")));
    }

    [Fact]
    public async Task What_the_lock_file_holds_does_not_matter()
    {
        using var original = await OriginalAsync();
        File.WriteAllText(original.File("lock"), "anything");
        using var rig = new StoreRig(original.Path);
        Assert.Equal(Samples, (await ValuesAsync(rig, "log")).Length);
    }

    /// <summary>A closed store: series "yesterday" and "today" in day files, series "log" in the log, one record a sample.</summary>
    private static async Task<TemporaryDirectory> OriginalAsync()
    {
        var directory = new TemporaryDirectory();
        using var rig = new StoreRig(directory.Path);
        await rig.AppendAsync([.. Numbered("today", rig.Now - 10_000), .. Numbered("yesterday", rig.Now - 86_400_000)]);
        await rig.FlushAsync();
        foreach (var sample in Numbered("log", rig.Now))
        {
            await rig.AppendAsync(sample);
        }

        return directory;

        static IEnumerable<Sample> Numbered(string name, long first) => Enumerable.Range(0, Samples).Select(i => new Sample(LabelSet.Of(name), first + i, i));
    }

    private static StoreRig Damaged(TemporaryDirectory original, string file, Action<FileStream> damage)
    {
        var rig = new StoreRig();
        rig.Store.Dispose();
        Directory.Delete(rig.Directory, recursive: true);
        original.CopyTo(rig.Directory);
        using (var stream = new FileStream(Path.Combine(rig.Directory, file), FileMode.Open, FileAccess.ReadWrite))
        {
            damage(stream);
        }

        rig.Reopen();
        return rig;
    }

    private static void Flip(FileStream file, Random random)
    {
        int found;
        do
        {
            file.Position = random.NextInt64(file.Length);
            found = file.ReadByte();
        }
        while (found == 0); // most of a small database is unused space

        file.Position--;
        file.WriteByte((byte)(found ^ (1 << random.Next(8))));
    }

    private static async Task<double[]> ValuesAsync(StoreRig rig, string name) =>
        (await rig.ReadAsync(SeriesSelector.Of(name))) is [var series] ? series.Values.ToArray() : [];

    /// <returns>Whether the file was set aside.</returns>
    private static async Task<bool> AssertTrueOrSetAsideAsync(StoreRig rig, string file)
    {
        var series = file == Days[0] ? "yesterday" : "today";
        var values = await ValuesAsync(rig, series);
        Assert.Equal(Samples, (await ValuesAsync(rig, file == Days[0] ? "today" : "yesterday")).Length);
        var log = await ValuesAsync(rig, "log");
        var setAside = rig.Store.Statistics.DamagedFiles == 1;
        if (!setAside || file == Days[0])
        {
            // otherwise they may have been flushed into the file before its damage showed
            Assert.Equal(Samples, log.Length);
        }

        if (setAside)
        {
            AssertNamed(rig, file);
        }
        else
        {
            Assert.Equal(Enumerable.Range(0, Samples).Select(i => (double)i), values);
        }

        await AssertGoesOnAsync(rig);
        return setAside;
    }

    private static byte[] LastChunk(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT data FROM chunks ORDER BY part DESC, id DESC";
        return (byte[])select.ExecuteScalar()!;
    }

    private static void AssertNamed(StoreRig rig, string file)
    {
        Assert.Equal(1, rig.Store.Statistics.DamagedFiles);
        Assert.True(File.Exists(Path.Combine(rig.Directory, file + DamagedFiles.Extension)));
        Assert.Contains(rig.Log, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains(file + DamagedFiles.Extension, StringComparison.Ordinal));
    }

    private static async Task AssertGoesOnAsync(StoreRig rig)
    {
        await rig.AppendAsync(new Sample(LabelSet.Of("after"), rig.Now, 1), new Sample(LabelSet.Of("after"), rig.Now - 86_400_000, 2));
        await rig.FlushAsync();
        await rig.AssertValuesAsync("after", 2, 1);
    }
}
