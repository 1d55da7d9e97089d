using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;

namespace NetPulse.Benchmarks.Detection.Tests;

public sealed class EventRecallTests
{
    private const int Day = 1440;

    [Fact]
    public void The_threshold_is_the_lowest_that_keeps_the_budget()
    {
        // Ten series-days at 0.1 a day allow one false alarm: 0.9 passes, 0.6 must not, so the event at 0.5 is missed.
        var scored = Examples.Scored(10 * Day, [new(2000, 2010), new(4000, 4010)], (100, 0.9f), (300, 0.6f), (2003, 0.7f), (4000, 0.5f));
        var result = EventRecall.At([scored], 0.1);
        Assert.Equal(0.5, result.Recall);
        Assert.Equal(3, result.MedianDelay);
        Assert.Equal(0.1, result.FalseAlarmsPerDay, 9);
        Assert.InRange(result.Threshold, 0.6, 0.7);
    }

    [Fact]
    public void Every_point_outside_an_event_is_a_false_alarm_and_none_within()
    {
        var scored = Examples.Scored(Day, [new(500, 520)], (499, 1), (500, 1), (520, 1), (521, 1), (600, 1));
        Assert.Equal(3, EventRecall.AtThreshold([scored], 0.5f).FalseAlarmsPerDay, 9);
    }

    [Fact]
    public void Delays_are_counted_in_samples_from_the_onset()
    {
        PointSpan[] events = [new(100, 119), new(300, 319), new(500, 519), new(700, 719)];
        var result = EventRecall.AtThreshold([Examples.Scored(Day, events, (100, 1), (302, 1), (505, 1))], 0.5f);
        Assert.Equal(3, result.Found);
        Assert.Equal(2, result.MedianDelay);
        Assert.Equal(5, result.NinetiethDelay);
    }

    [Fact]
    public void Benign_alarms_are_counted_by_the_time_that_such_spans_last_and_not_in_events()
    {
        // 720 benign points less 20 of the event are 700/1440 of a day.
        var scored = Examples.Scored(Day, [new(100, 119)], [new(new(0, 719), Announced: false)], (50, 1), (110, 1), (800, 1));
        Assert.Equal(1 / (700.0 / Day), EventRecall.AtThreshold([scored], 0.5f).BenignAlarmsPerDay, 9);
    }

    [Fact]
    public void Without_benign_spans_there_is_no_such_figure() =>
        Assert.True(double.IsNaN(EventRecall.AtThreshold([Examples.Scored(Day, [])], 0.5f).BenignAlarmsPerDay));
}
