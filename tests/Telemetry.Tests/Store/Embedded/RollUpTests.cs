using System.Globalization;
using NetPulse.Telemetry.Query;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

/// <summary>Queries over days that are over, once from samples and once from roll-ups of the same.</summary>
public sealed class RollUpTests : IDisposable
{
    private const double Rounding = 1e-9;
    private static readonly string[] Exact =
    [
        "count_over_time", "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "last_over_time", "present_over_time", "increase", "rate", "delta",
    ];

    private readonly StoreRig rig = new();
    private readonly StoreRig samplesOnly = new();

    private static DateTimeOffset Noon { get; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private static DateTimeOffset Midnight { get; } = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    public void Dispose()
    {
        rig.Dispose();
        samplesOnly.Dispose();
    }

    [Fact]
    public async Task A_day_is_rolled_up_when_it_is_over_and_has_settled()
    {
        await FillAsync(rig, Midnight.AddDays(-1), TimeSpan.FromHours(30));
        await rig.FlushAsync();
        Assert.Null(rig.Store.Rolled);
        await rig.SettleAsync();
        Assert.Equal(new RolledSpan(Midnight.AddDays(-1), Midnight), rig.Store.Rolled);
        rig.Reopen();
        Assert.Equal(new RolledSpan(Midnight.AddDays(-1), Midnight), rig.Store.Rolled);
    }

    [Theory]
    [InlineData("[1d]", 0, 3600)]
    [InlineData("[12h]", 0, 3600)]
    [InlineData("[1h]", -9, 300)]
    [InlineData("[3h5m]", -16, 300)]
    [InlineData("[1d] offset 1h", 0, 3600)]
    [InlineData("[1d] @ 1795305600", 0, 3600)]
    public async Task Windows_that_begin_and_end_with_a_roll_up_give_what_the_samples_give(string window, int hours, int stepSeconds)
    {
        await BothAsync(TimeSpan.FromDays(2.5));
        var steps = new QuerySteps(Noon.AddHours(hours - 12), Noon.AddHours(hours), TimeSpan.FromSeconds(stepSeconds));
        foreach (var function in Exact)
        {
            foreach (var name in (string[])["requests_total", "level", "odd"])
            {
                await AssertAlikeAsync($"{function}({name}{window.Replace("[", "{kind=\"any\"}[", StringComparison.Ordinal)})", steps, Rounding);
            }
        }
    }

    [Fact]
    public async Task A_quantile_over_days_is_within_the_stated_error_of_the_samples_own()
    {
        await BothAsync(TimeSpan.FromDays(2.5));
        var steps = new QuerySteps(Noon.AddHours(-12), Noon, TimeSpan.FromHours(1));
        foreach (var q in (string[])["0", "0.01", "0.5", "0.95", "0.999", "1"])
        {
            await AssertAlikeAsync($"quantile_over_time({q}, level{{kind=\"any\"}}[1d])", steps, QuantileSketch.RelativeError + Rounding);
            await AssertAlikeAsync($"quantile_over_time({q}, requests_total{{kind=\"any\"}}[12h])", steps, QuantileSketch.RelativeError + Rounding);
        }
    }

    [Fact]
    public async Task A_window_that_no_roll_up_fits_is_answered_from_samples()
    {
        await BothAsync(TimeSpan.FromDays(2.5));
        var steps = new QuerySteps(Noon.AddHours(-11).AddSeconds(7), Noon, TimeSpan.FromSeconds(977));
        foreach (var function in Exact)
        {
            await AssertAlikeAsync($"{function}(level{{kind=\"any\"}}[1d])", steps, 0);
        }

        await AssertAlikeAsync("quantile_over_time(0.5, level{kind=\"any\"}[1d])", steps, 0);
    }

    [Fact]
    public async Task Late_samples_are_in_the_answer_before_and_after_the_day_is_rolled_up_again()
    {
        var at = Midnight.AddHours(-3).AddSeconds(1);
        var late = new Sample(LabelSet.Of("level", ("kind", "any"), ("pod", "p0")), at.ToUnixTimeMilliseconds(), 1e9);
        await FillAsync(rig, Midnight.AddDays(-1), TimeSpan.FromHours(30));
        await rig.SettleAsync();
        var before = await MaxAsync();
        await rig.AppendAsync(late);
        Assert.Equal(1e9, await MaxAsync());
        await rig.FlushAsync();
        Assert.Equal(1e9, await MaxAsync());
        await rig.SettleAsync();
        Assert.Equal(1e9, await MaxAsync());
        Assert.True(before < 1e9);

        async Task<double> MaxAsync() => (await ValuesAsync(rig, "max_over_time(level{pod=\"p0\"}[1d])", Midnight))[0];
    }

    [Fact]
    public async Task After_the_samples_are_gone_the_roll_ups_answer()
    {
        string[] queries =
        [
            "sum_over_time(level[1d])", "increase(requests_total[1d])", "count_over_time(odd[1d])", "max_over_time(level[5h])", "rate(requests_total[1h])", "requests_total", "level",
        ];
        await FillAsync(rig, Midnight.AddDays(-1), TimeSpan.FromHours(24));
        var samples = new List<double[]>();
        foreach (var query in queries)
        {
            samples.Add(await ValuesAsync(rig, query, Midnight));
        }

        var median = await ValuesAsync(rig, "quantile_over_time(0.5, level[1d])", Midnight);
        await rig.LetDaysPassAsync(10);
        Assert.Empty(Directory.EnumerateFiles(rig.Directory, "2026-11-2[01]*"));
        Assert.True(rig.Store.Rolled!.Value.SamplesFrom > Midnight);
        for (var i = 0; i < queries.Length; i++)
        {
            AssertAlike(samples[i], await ValuesAsync(rig, queries[i], Midnight), Rounding, queries[i]);
        }

        AssertAlike(median, await ValuesAsync(rig, "quantile_over_time(0.5, level[1d])", Midnight), QuantileSketch.RelativeError, "median");
        Assert.Equal(9, (await rig.Store.SeriesAsync([], new TimeRange(Midnight.AddDays(-1), Midnight), CancellationToken.None)).Count);

        // a window that no roll-up fits is off by one of them at either end
        var askew = await ValuesAsync(rig, "count_over_time(level[6h])", Midnight.AddSeconds(-100));
        Assert.All(askew, static count => Assert.InRange(count, (6 * 240) - 20, (6 * 240) + 20));
    }

    [Fact]
    public async Task Roll_ups_of_five_minutes_go_before_those_of_an_hour()
    {
        rig.Options.RetentionAge = TimeSpan.FromDays(1);
        rig.Options.RollUpAge = TimeSpan.FromDays(3);
        rig.Reopen();
        await FillAsync(rig, Midnight, TimeSpan.FromHours(12));
        var expected = await ValuesAsync(rig, "sum_over_time(level[6h])", Noon.AddHours(-3));
        await rig.LetDaysPassAsync(8);
        Assert.False(File.Exists(Path.Combine(rig.Directory, "rollups", "5m-2026-11-22.db")));
        Assert.True(File.Exists(Path.Combine(rig.Directory, "rollups", "1h-2026-11-01.db")));
        AssertAlike(expected, await ValuesAsync(rig, "sum_over_time(level[6h])", Noon.AddHours(-3)), Rounding, "sum");
    }

    [Fact]
    public async Task What_ends_first_goes_when_samples_and_roll_ups_together_are_too_large()
    {
        await BothAsync(TimeSpan.FromDays(3));
        string[] Files(string pattern) => [.. Directory.GetFiles(rig.Directory, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        var (days, rolled) = (Files("2*.db"), Files("5m-*.db"));
        var all = Files("*.db").Sum(static file => new FileInfo(file).Length);
        rig.Options.RetentionBytes = all - 1;
        rig.Reopen();
        await rig.FlushAsync();
        Assert.Equal(days[1..], Files("2*.db"));
        Assert.Equal(rolled, Files("5m-*.db"));

        // A late sample would take the place of a day's roll-ups.
        var dropped = rig.Store.Statistics.SamplesDropped;
        var late = DateTimeOffset.Parse(Path.GetFileNameWithoutExtension(days[0]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).AddHours(12);
        await rig.AppendAsync(new Sample(LabelSet.Of("late"), late.ToUnixTimeMilliseconds(), 1));
        await rig.FlushAsync();
        Assert.Equal(dropped + 1, rig.Store.Statistics.SamplesDropped);
        Assert.Equal(days[1..], Files("2*.db"));
        rig.Options.RetentionBytes = 1;
        rig.Reopen();
        await rig.FlushAsync();
        Assert.Equal(days[^1..], Files("*.db"));
    }

    [Fact]
    public async Task A_damaged_file_of_roll_ups_is_set_aside_and_made_again_of_the_samples()
    {
        await FillAsync(rig, Midnight.AddDays(-1), TimeSpan.FromHours(30));
        await rig.SettleAsync();
        var expected = await ValuesAsync(rig, "sum_over_time(level[1d])", Midnight);
        var path = Path.Combine(rig.Directory, "rollups", "1h-2026-11-01.db");
        rig.Store.Dispose();
        var bytes = await File.ReadAllBytesAsync(path);
        new Random(5).NextBytes(bytes.AsSpan(bytes.Length / 4));
        await File.WriteAllBytesAsync(path, bytes);
        rig.Reopen();
        await ValuesAsync(rig, "sum_over_time(level[1d])", Midnight);
        AssertAlike(expected, await ValuesAsync(rig, "sum_over_time(level[1d])", Midnight), Rounding, "sum");
        Assert.Contains(rig.Log, line => line.Contains(path, StringComparison.Ordinal) && line.Contains("damaged", StringComparison.Ordinal));
        await rig.FlushAsync();
        await rig.SettleAsync();
        Assert.True(File.Exists(path));
        AssertAlike(expected, await ValuesAsync(rig, "sum_over_time(level[1d])", Midnight), Rounding, "sum");
    }

    [Fact]
    public void Sketches_added_up_are_that_of_all_numbers_and_within_their_error()
    {
        var random = new Random(6);
        var numbers = Enumerable.Range(0, 5000).Select(i => (i % 7) switch
        {
            0 => -Math.Exp((random.NextDouble() * 200) - 100),
            1 => 0,
            2 => random.Next(1000),
            _ => Math.Exp((random.NextDouble() * 1300) - 650),
        }).ToArray();
        Assert.All(numbers, static number => Assert.InRange(QuantileSketch.NumberAt(QuantileSketch.PlaceOf(number)),
            number - (Math.Abs(number) * (QuantileSketch.RelativeError + Rounding)), number + (Math.Abs(number) * (QuantileSketch.RelativeError + Rounding))));
        double[] odd = [double.NegativeInfinity, double.PositiveInfinity, double.NaN, double.MaxValue, double.Epsilon, -0.0];
        Assert.Equal([double.NegativeInfinity, double.PositiveInfinity, double.NaN], odd.Take(3).Select(static one => QuantileSketch.NumberAt(QuantileSketch.PlaceOf(one))));
        Assert.Equal(numbers.Order().Select(QuantileSketch.PlaceOf), numbers.Select(QuantileSketch.PlaceOf).Order());
        Assert.True(QuantileSketch.PlaceOf(double.NaN) < QuantileSketch.PlaceOf(double.NegativeInfinity));
    }

    /// <summary>Fills two stores with the same, and has one of them roll it up.</summary>
    private async Task BothAsync(TimeSpan length)
    {
        foreach (var one in (StoreRig[])[rig, samplesOnly])
        {
            await FillAsync(one, Noon - length, length);
        }

        await rig.SettleAsync();
        Assert.NotNull(rig.Store.Rolled);
        Assert.Null(samplesOnly.Store.Rolled);
    }

    private async Task AssertAlikeAsync(string query, QuerySteps steps, double error)
    {
        var theirs = await RangeAsync(samplesOnly, query, steps);
        var ours = await RangeAsync(rig, query, steps);
        Assert.NotEmpty(theirs);
        Assert.Equal(theirs.Select(static one => one.Labels), ours.Select(static one => one.Labels));
        for (var i = 0; i < theirs.Count; i++)
        {
            Assert.Equal(theirs[i].UnixMilliseconds.ToArray(), ours[i].UnixMilliseconds.ToArray());
            AssertAlike(theirs[i].Values.ToArray(), ours[i].Values.ToArray(), error, $"{query} of {theirs[i].Labels}");
        }
    }

    private static void AssertAlike(double[] expected, double[] actual, double error, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var alike = BitConverter.DoubleToInt64Bits(expected[i]) == BitConverter.DoubleToInt64Bits(actual[i]) || (double.IsNaN(expected[i]) && double.IsNaN(actual[i])) || Math.Abs(expected[i] - actual[i]) <= error * Math.Abs(expected[i]);
            Assert.True(alike, $"{what}: {expected[i]:R} from samples, {actual[i]:R} from roll-ups, at {i}");
        }
    }

    private static async Task<IReadOnlyList<TimeSeries>> RangeAsync(StoreRig rig, string query, QuerySteps steps) =>
        [.. ((QueryAnswer.Matrix)await new PromQlEngine(rig.Store, new PromQlLimits()).QueryRangeAsync(query, steps, CancellationToken.None)).Series];

    private static async Task<double[]> ValuesAsync(StoreRig rig, string query, DateTimeOffset at) =>
        [.. ((QueryAnswer.Vector)await new PromQlEngine(rig.Store, new PromQlLimits()).QueryAsync(query, at, CancellationToken.None)).Samples
            .OrderBy(static one => one.Labels.ToString(), StringComparer.Ordinal).Select(static one => one.Value)];

    /// <summary>Three pods with a counter that restarts, a gauge, and one that is read unevenly, ends and comes again.</summary>
    private static async Task FillAsync(StoreRig rig, DateTimeOffset from, TimeSpan length)
    {
        var random = new Random(7);
        var batch = new List<Sample>();
        for (var pod = 0; pod < 3; pod++)
        {
            var (counter, level) = (0.0, 50.0);
            for (var at = from.ToUnixTimeMilliseconds(); at <= (from + length).ToUnixTimeMilliseconds(); at += 15_000)
            {
                counter = random.Next(3000) == 0 ? 3 : counter + random.Next(100);
                level = Math.Clamp(Math.Round(level + ((random.NextDouble() - 0.5) * 4), 3), 1, 200);
                batch.Add(new Sample(Labels("requests_total", pod), at, counter));
                batch.Add(new Sample(Labels("level", pod), at, level));
                if (at / 3_600_000 % 5 != 0)
                {
                    var ends = random.Next(400) == 0;
                    batch.Add(new Sample(Labels("odd", pod), at + random.Next(14_000), ends ? BitConverter.Int64BitsToDouble(0x7ff0_0000_0000_0002) : random.Next(-50, 50)));
                }
            }
        }

        foreach (var part in batch.Chunk(40_000))
        {
            await rig.AppendAsync(part);
        }

        await rig.FlushAsync();
    }

    private static LabelSet Labels(string name, int pod) => LabelSet.Of(name, ("kind", "any"), ("pod", $"p{pod}"));
}
