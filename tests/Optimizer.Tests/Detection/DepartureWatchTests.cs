using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Tests.Detection;

public sealed class DepartureWatchTests
{
    private static readonly DetectionOptions Options = new();

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
            var before = new DepartureWatch(SignalKind.Throughput, Deviation.Fall, Options);
            before.Observe(Series(values[..at]), _ => false);
            var after = DepartureWatch.Restore(SignalKind.Throughput, Deviation.Fall, Options, before.Save());
            after.Observe(Series(values), _ => false);
            Assert.Equal(Current(Series(values), SignalKind.Throughput, Deviation.Fall, Options), after.Current);
        }
    }

    [Fact]
    public void An_announced_change_is_no_departure()
    {
        var watch = new DepartureWatch(SignalKind.Throughput, Deviation.Fall, Options);
        double[] values = [.. Enumerable.Repeat(45.0, 30), .. Enumerable.Repeat(6.0, 20), .. Enumerable.Repeat(45.0, 30)];
        watch.Observe(Series(values[..50]), at => at >= DateTimeOffset.UnixEpoch.AddSeconds(30));
        Assert.Null(watch.Current);
        watch.Observe(Series(values), _ => false);
        Assert.Null(watch.Current);
    }

    [Fact]
    public void What_has_lasted_for_a_day_is_the_new_normal()
    {
        double[] values = [.. Enumerable.Repeat(45.0, 30), .. Enumerable.Repeat(6.0, 1500)];
        var minutes = Series(values) with { UnixMilliseconds = Enumerable.Range(0, values.Length).Select(i => i * 60_000L).ToArray() };
        Assert.NotNull(Current(minutes with { UnixMilliseconds = minutes.UnixMilliseconds[..1400], Values = minutes.Values[..1400] }, SignalKind.Throughput, Deviation.Fall, Options));
        Assert.Null(Current(minutes, SignalKind.Throughput, Deviation.Fall, Options));
    }

    private static Departure? Current(TimeSeries series, SignalKind kind, Deviation side, DetectionOptions options)
    {
        var watch = new DepartureWatch(kind, side, options);
        watch.Observe(series, _ => false);
        return watch.Current;
    }

    private static TimeSeries Series(double[] values) =>
        new(LabelSet.Of("s"), Enumerable.Range(0, values.Length).Select(i => i * 1000L).ToArray(), values);
}
