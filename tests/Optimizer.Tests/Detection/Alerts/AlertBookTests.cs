using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Alerts;
using NetPulse.Optimizer.Detection.Detectors;

namespace NetPulse.Optimizer.Tests.Detection.Alerts;

public sealed class AlertBookTests
{
    private readonly AlertBook book = new();

    [Fact]
    public void One_trouble_is_one_alert_while_it_lasts()
    {
        for (var minute = 0; minute < 60; minute++)
        {
            var alert = Assert.Single(book.Update([Fall(60)], At(minute)));
            Assert.True(alert.IsOpen);
            Assert.Equal(At(minute) - At(0), alert.Duration);
        }
    }

    [Fact]
    public void An_alert_ends_is_remembered_for_an_hour_and_then_forgotten()
    {
        book.Update([Fall(60)], At(0));
        Assert.Equal(At(1), Assert.Single(book.Update([], At(1))).EndedAt);
        Assert.Equal(At(1), Assert.Single(book.Update([], At(61))).EndedAt);
        Assert.Empty(book.Update([], At(62)));
    }

    [Fact]
    public void What_comes_back_within_five_minutes_is_the_same_alert_with_the_first_onset_and_range()
    {
        book.Update([Fall(60)], At(0));
        book.Update([], At(2));
        var again = Assert.Single(book.Update([Fall(50, onsetMinute: 6, low: 70)], At(6)));
        Assert.Equal(At(0), again.Onset);
        Assert.Equal(90, again.Anomaly.Departure.Usual.Low);
        Assert.Equal(50, again.Anomaly.Departure.Now);
    }

    [Fact]
    public void What_comes_back_later_is_another_alert()
    {
        book.Update([Fall(60)], At(0));
        book.Update([], At(2));
        Assert.Equal(At(20), Assert.Single(book.Update([Fall(60, onsetMinute: 20)], At(20))).Onset);
    }

    [Theory]
    [InlineData(60, 1, Severity.Minor)]
    [InlineData(40, 1, Severity.Major)]
    [InlineData(60, 11, Severity.Major)]
    [InlineData(40, 11, Severity.Critical)]
    [InlineData(0, 1, Severity.Major)]
    public void Severity_is_by_how_much_and_how_long(double value, int minutes, Severity expected) =>
        Assert.Equal(expected, Assert.Single(book.Update([Fall(value)], At(minutes))).Severity);

    [Fact]
    public void Severity_never_falls_while_the_trouble_lasts()
    {
        book.Update([Fall(40)], At(1));
        Assert.Equal(Severity.Major, Assert.Single(book.Update([Fall(80)], At(2))).Severity);
    }

    private static DateTimeOffset At(int minute) => Examples.Now.AddMinutes(minute);

    private static Anomaly Fall(double now, int onsetMinute = 0, double low = 90) =>
        new(new Subject.OfEdge(Examples.Upload(0)), Signal.Throughput, new Departure(Deviation.Fall, At(onsetMinute), now, new NormalRange(low, 110), 2));
}
