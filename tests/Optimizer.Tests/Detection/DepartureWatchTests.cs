using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Tests.Detection;

public sealed class DepartureWatchTests
{
    private static readonly DetectionOptions Options = new();
    private static readonly DateTimeOffset Late = DateTimeOffset.UnixEpoch.AddDays(3);

    [Fact]
    public void A_fall_is_found_at_its_fifth_point_and_dated_to_its_first()
    {
        var usual = Enumerable.Range(0, 30).Select(i => 45.0 + (i % 3));
        Assert.Null(Current(Series([.. usual, 6.3, 6.4, 6.2, 6.3]), SignalKind.Throughput, Deviation.Fall, Options));

        var departure = Current(Series([.. usual, 6.3, 6.4, 6.2, 6.3, 6.4]), SignalKind.Throughput, Deviation.Fall, Options);
        Assert.NotNull(departure);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(30), departure.Onset);
        Assert.Equal(6.3, departure.Now);
        Assert.InRange(departure.Usual.Low, 23, 26);
        Assert.InRange(departure.Usual.High, 82, 92);
        Assert.True(departure.Score > 2);
    }

    [Fact]
    public void A_rise_is_no_fall()
    {
        double[] values = [.. Enumerable.Repeat(0.010, 30), 0.1, 0.1, 0.1];
        Assert.Null(Current(Series(values), SignalKind.Throughput, Deviation.Fall, Options));
        Assert.NotNull(Current(Series(values), SignalKind.Throughput, Deviation.Rise, Options));
    }

    [Fact]
    public void A_lasting_fault_stays_visible()
    {
        double[] values = [.. Enumerable.Repeat(45.0, 30), .. Enumerable.Repeat(6.0, 1000)];
        var departure = Current(Series(values), SignalKind.Throughput, Deviation.Fall, Options);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(30), departure?.Onset);
    }

    [Fact]
    public void A_series_that_came_back_is_usual_again() =>
        Assert.Null(Current(Series([.. Enumerable.Repeat(45.0, 30), 6, 6, 6, 6, 45]), SignalKind.Throughput, Deviation.Fall, Options));

    [Fact]
    public void Single_outliers_are_no_anomaly() =>
        Assert.Null(Current(Series([.. Enumerable.Repeat(45.0, 30), 6, 6, 45, 6, 6]), SignalKind.Throughput, Deviation.Fall, Options));

    [Fact]
    public void Fewer_points_than_a_baseline_have_no_answer() =>
        Assert.Null(Current(Series([.. Enumerable.Repeat(45.0, 14), 6, 6, 6, 6, 6, 6]), SignalKind.Throughput, Deviation.Fall, Options));

    [Fact]
    public void Nothing_in_has_no_answer() => Assert.Null(Current(Series([]), SignalKind.Throughput, Deviation.Rise, Options));

    [Fact]
    public void A_series_that_moves_by_itself_is_left_alone()
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 600).Select(i => 40 + (15 * Math.Sin(i / 9.0)) + (4 * random.NextDouble())).ToArray();
        Assert.Null(Current(Series(values), SignalKind.Throughput, Deviation.Fall, Options));
        Assert.Null(Current(Series(values), SignalKind.Throughput, Deviation.Rise, Options));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-5.0)]
    public void Constant_missing_and_infinite_values_have_a_stated_answer(double value) =>
        Assert.Null(Current(Series([.. Enumerable.Repeat(value, 100)]), SignalKind.Throughput, Deviation.Rise, Options));

    [Fact]
    public void Missing_values_do_not_confirm_an_anomaly() =>
        Assert.Null(Current(Series([.. Enumerable.Repeat(45.0, 30), 6, double.NaN, double.NaN]), SignalKind.Throughput, Deviation.Fall, Options));

    [Fact]
    public void A_restart_in_between_changes_nothing()
    {
        var random = new Random(9);
        double[] values = [.. Enumerable.Range(0, 100).Select(_ => 45 + random.NextDouble()), 6.3, 6.4, 6.2, 6.3, 6.2, 6.4];
        for (var at = 1; at < values.Length; at++)
        {
            var before = new DepartureWatch<string>(SignalKind.Throughput, Deviation.Fall, Options);
            before.Observe([Look(Series(values[..at]))], Late);
            var after = new DepartureWatch<string>(SignalKind.Throughput, Deviation.Fall, Options);
            var (key, state) = Assert.Single(before.Save());
            after.Resume(key, state);
            after.Observe([Look(Series(values))], Late);
            Assert.Equal(Current(Series(values), SignalKind.Throughput, Deviation.Fall, Options), after.Current("s"));
        }
    }

    [Fact]
    public void An_announced_change_is_no_departure()
    {
        var watch = new DepartureWatch<string>(SignalKind.Throughput, Deviation.Fall, Options);
        double[] values = [.. Enumerable.Repeat(45.0, 30), .. Enumerable.Repeat(6.0, 20), .. Enumerable.Repeat(45.0, 30)];
        watch.Observe([Look(Series(values[..50])) with { Announced = [new ChangeSpan(DateTimeOffset.UnixEpoch.AddSeconds(30), Late)] }], Late);
        Assert.Null(watch.Current("s"));
        watch.Observe([Look(Series(values))], Late);
        Assert.Null(watch.Current("s"));
    }

    [Fact]
    public void What_has_lasted_for_a_day_is_the_new_normal()
    {
        double[] values = [.. Enumerable.Repeat(45.0, 30), .. Enumerable.Repeat(6.0, 1500)];
        var minutes = Series(values) with { UnixMilliseconds = Enumerable.Range(0, values.Length).Select(i => i * 60_000L).ToArray() };
        Assert.NotNull(Current(minutes with { UnixMilliseconds = minutes.UnixMilliseconds[..1400], Values = minutes.Values[..1400] }, SignalKind.Throughput, Deviation.Fall, Options));
        Assert.Null(Current(minutes, SignalKind.Throughput, Deviation.Fall, Options));
    }

    [Theory]
    [InlineData(SignalKind.Throughput, Deviation.Fall)]
    [InlineData(SignalKind.Latency, Deviation.Rise)]
    [InlineData(SignalKind.Count, Deviation.Rise)]
    public void Many_series_that_are_read_at_their_own_times_have_the_same_answers_as_each_alone(SignalKind kind, Deviation side)
    {
        var random = new Random(31);
        var all = Enumerable.Range(0, 21).Select(_ => Trouble(kind, random)).ToArray();
        var together = new DepartureWatch<int>(kind, side, Options);
        var alone = all.Select(_ => new DepartureWatch<int>(kind, side, Options)).ToArray();
        var (next, departures) = (new int[all.Length], 0);
        while (next.Zip(all).Any(static pair => pair.First < pair.Second.Count))
        {
            // Some are not read for long and then have much to tell; one of them has a clock that is a year ahead.
            var looks = new List<SeriesLook<int>>();
            for (var i = 0; i < all.Length; i++)
            {
                var count = random.Next(4) == 0 ? 0 : Math.Min(random.Next(random.Next(10) == 0 ? 60 : 4), all[i].Count - next[i]);
                var points = all[i] with { UnixMilliseconds = all[i].UnixMilliseconds[next[i]..(next[i] + count)], Values = all[i].Values[next[i]..(next[i] + count)] };
                looks.Add(new SeriesLook<int>(i, i == 5 ? points with { UnixMilliseconds = points.UnixMilliseconds.ToArray().Select(static at => at + (365L * 86_400_000)).ToArray() } : points, []));
                next[i] += count;
            }

            var now = DateTimeOffset.UnixEpoch.AddSeconds(next.Max());
            together.Observe(looks, now);
            foreach (var look in looks)
            {
                alone[look.Key].Observe([look], now);
                Assert.Equal(alone[look.Key].Current(look.Key), together.Current(look.Key));
                departures += together.Current(look.Key) is null ? 0 : 1;
            }
        }

        Assert.True(departures > 20, $"only {departures} departures were compared");
    }

    [Fact]
    public void A_series_in_the_place_of_a_forgotten_one_knows_nothing_of_it()
    {
        var watch = new DepartureWatch<int>(SignalKind.Latency, Deviation.Rise, Options);
        var days = Series([.. Enumerable.Repeat(45.0, 30)]);
        watch.Observe(Enumerable.Range(0, 8).Select(i => new SeriesLook<int>(i, days, [])), Late);
        watch.Observe([new SeriesLook<int>(0, days with { UnixMilliseconds = days.UnixMilliseconds.ToArray().Select(static at => at + (2L * 86_400_000)).ToArray() }, [])], Late);
        Assert.Equal(0, Assert.Single(watch.Save()).Key);

        // Above what the forgotten ones were, and usual for these.
        double[] values = [.. Enumerable.Repeat(90.0, 40), .. Enumerable.Repeat(45.0, 40), .. Enumerable.Repeat(300.0, 6)];
        watch.Observe(Enumerable.Range(10, 7).Select(i => new SeriesLook<int>(i, Series(values), [])), Late);
        var fresh = Current(Series(values), SignalKind.Latency, Deviation.Rise, Options);
        Assert.NotNull(fresh);
        Assert.All(Enumerable.Range(10, 7), key => Assert.Equal(fresh, watch.Current(key)));
    }

    [Fact]
    public void A_state_of_another_size_is_refused_and_what_is_followed_stays()
    {
        var watch = new DepartureWatch<string>(SignalKind.Latency, Deviation.Rise, Options);
        watch.Observe([Look(Series([1, 2, 3]))], Late);
        var (_, state) = Assert.Single(watch.Save());
        Assert.Contains("remove it", Assert.Throws<InvalidDataException>(() => watch.Resume("other", state with { Detectors = [1, 2, 3] })).Message, StringComparison.Ordinal);
        Assert.Equal("s", Assert.Single(watch.Save()).Key);
    }

    /// <summary>A usual course with faults and missing values in it.</summary>
    private static TimeSeries Trouble(SignalKind kind, Random random)
    {
        var at = 0L;
        var times = Enumerable.Range(0, 600).Select(_ => at += random.Next(200, 2000)).ToArray();
        var fault = Enumerable.Range(0, 600).Select(i => i / 60 % 3 == 2 ? 0.1 + (random.NextDouble() * 8) : 1).ToArray();
        return new TimeSeries(LabelSet.Of("s"), times, Enumerable.Range(0, 600).Select(i => random.Next(30) == 0 ? double.NaN : Value(i)).ToArray());

        double Value(int i) => kind == SignalKind.Count
            ? (i / 60 % 3 == 2 ? 30 : 0) + (random.Next(30) == 0 ? random.Next(1, 3) : 0)
            : (20 + random.NextDouble()) * fault[i / 60 * 60];
    }

    private static Departure? Current(TimeSeries series, SignalKind kind, Deviation side, DetectionOptions options)
    {
        var watch = new DepartureWatch<string>(kind, side, options);
        watch.Observe([Look(series)], Late);
        return watch.Current("s");
    }

    private static SeriesLook<string> Look(TimeSeries series) => new("s", series, []);

    private static TimeSeries Series(double[] values) =>
        new(LabelSet.Of("s"), Enumerable.Range(0, values.Length).Select(i => i * 1000L).ToArray(), values);
}
