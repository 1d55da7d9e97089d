using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Optimizer.Tests.Detection;

public sealed class SeriesBankTests
{
    private const int Minute = 60_000;

    public static TheoryData<SignalKind> Kinds => [.. Enum.GetValues<SignalKind>()];

    /// <summary>What a series may be fed with, each 2,000 points.</summary>
    public static TheoryData<SignalKind, string> BadInput
    {
        get
        {
            var all = new TheoryData<SignalKind, string>();
            foreach (var kind in Enum.GetValues<SignalKind>())
            {
                foreach (var name in (string[])["missing", "constant", "zero", "two-valued", "single point", "infinite", "negative", "a step of a million sigmas", "unit flips", "huge", "tiny"])
                {
                    all.Add(kind, name);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(BadInput))]
    public void Bad_input_has_a_finite_answer_and_leaves_the_neighbours_as_they_are(SignalKind kind, string name)
    {
        var alone = Play(kind, [Normal(kind, 1), Normal(kind, 2)]);
        var beside = Play(kind, [Normal(kind, 1), Bad(name), Normal(kind, 2)]);
        Assert.Equal(alone[0], beside[0]);
        Assert.Equal(alone[1], beside[2]);
        Assert.All(beside[1], score => Assert.InRange(score, 0, float.MaxValue));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("constant")]
    [InlineData("zero")]
    [InlineData("two-valued")]
    [InlineData("single point")]
    [InlineData("infinite")]
    public void What_never_leaves_its_own_past_scores_next_to_nothing(string name)
    {
        foreach (var kind in Enum.GetValues<SignalKind>())
        {
            Assert.All(Play(kind, [Bad(name)])[0], score => Assert.InRange(score, 0, 1));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_step_of_a_million_sigmas_is_found_within_two_points(SignalKind kind) =>
        Assert.Contains(Play(kind, [Bad("a step of a million sigmas")])[0].Skip(1000).Take(3), score => score > 1);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_point_that_is_not_later_is_dropped_and_changes_nothing(SignalKind kind)
    {
        var values = Normal(kind, 3);
        var bank = new SeriesBank(kind, 1);
        var twice = new SeriesBank(kind, 1);
        var (raw, gated, dropped, droppedGate) = (new float[1], new float[1], new float[1], new float[1]);
        for (var i = 0; i < values.Length; i++)
        {
            bank.Observe((long)i * Minute, [values[i]], [], raw, gated);
            twice.Observe((long)i * Minute, [values[i]], [], dropped, droppedGate);
            Assert.Equal(raw[0], dropped[0]);
            twice.Observe((long)(i / 2) * Minute, [1e9f], [], dropped, droppedGate);
            Assert.Equal(0, dropped[0]);
            Assert.False(twice.IsAlert(0));
        }

        Assert.Equal(0, bank.DroppedPoints);
        Assert.Equal(values.Length, twice.DroppedPoints);
    }

    [Fact]
    public void Ten_years_in_one_series_keep_their_state_bounded_and_the_last_fault_is_found()
    {
        const int Points = 10 * 365 * 24 * 12;
        var random = new Random(4);
        var bank = new SeriesBank(SignalKind.Latency, 1);
        var bytes = bank.StateBytesPerSeries;
        Span<float> raw = stackalloc float[1];
        Span<float> gated = stackalloc float[1];
        Span<float> value = stackalloc float[1];
        var highest = 0f;
        for (var i = 0; i < Points + 3; i++)
        {
            value[0] = (i < Points ? 1 : 5) * (0.010f + (0.001f * random.NextSingle()));
            bank.Observe((long)i * 5 * Minute, value, [], raw, gated);
            highest = i < Points ? 0 : Math.Max(highest, raw[0]);
        }

        Assert.True(highest > 1);
        Assert.Equal(bytes, bank.StateBytesPerSeries);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_series_costs_less_than_two_kilobytes_of_state(SignalKind kind) =>
        Assert.InRange(new SeriesBank(kind, 160).StateBytesPerSeries, 1, 2048);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_point_allocates_nothing(SignalKind kind)
    {
        var bank = new SeriesBank(kind, 40);
        var (values, announced, raw, gated) = (Enumerable.Repeat(5f, 40).ToArray(), new bool[40], new float[40], new float[40]);
        bank.Observe(0, values, announced, raw, gated);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < 1000; i++)
        {
            bank.Observe((long)i * Minute, values, announced, raw, gated);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_series_scores_the_same_in_every_place_of_a_block(SignalKind kind)
    {
        var series = Enumerable.Repeat(0, 37).Select(_ => Normal(kind, 8)).ToArray();
        Assert.All(Play(kind, series), scores => Assert.Equal(Play(kind, [Normal(kind, 8)])[0], scores));
    }

    [Fact]
    public void Nothing_is_judged_before_the_warm_up()
    {
        var values = Normal(SignalKind.Latency, 5)[..SeriesBank.UsualWarmUp];
        values[^1] = values[^2] = 100;
        Assert.All(Play(SignalKind.Latency, [values])[0], score => Assert.Equal(0, score));
    }

    [Fact]
    public void The_future_changes_no_score()
    {
        var values = Normal(SignalKind.Level, 6);
        var other = values.ToArray();
        other.AsSpan(1500).Fill(1e6f);
        Assert.Equal(Play(SignalKind.Level, [values])[0][..1500], Play(SignalKind.Level, [other])[0][..1500]);
    }

    [Fact]
    public void A_fall_of_latency_is_nothing_and_of_throughput_an_event()
    {
        float[] fall = [.. Normal(SignalKind.Latency, 9)[..1000], .. Normal(SignalKind.Latency, 9)[..20].Select(value => value / 10)];
        Assert.All(Play(SignalKind.Latency, [fall])[0].Skip(1000), score => Assert.InRange(score, 0, 0.5f));
        Assert.Contains(Play(SignalKind.Throughput, [fall])[0].Skip(1000), score => score > 1);
    }

    [Theory]
    [InlineData(0.02, 4, false)]
    [InlineData(0.02, 5, true)]
    [InlineData(0.6, 30, false)]
    [InlineData(0.4, 30, true)]
    public void A_fall_of_throughput_alerts_when_it_outlasts_a_restart_and_is_one_of_more_than_a_half(double share, int points, bool isAlert)
    {
        var usual = Normal(SignalKind.Throughput, 21);
        float[] values = [.. usual[..1000], .. usual[1000..(1000 + points)].Select(value => (float)(value * share)), .. usual[(1000 + points)..]];
        Assert.Equal(isAlert ? 1 : 0, Alerts(SignalKind.Throughput, values, []).Count);
    }

    [Fact]
    public void A_series_whose_unit_flips_is_one_event_at_the_flip()
    {
        foreach (var kind in (SignalKind[])[SignalKind.Latency, SignalKind.Throughput, SignalKind.Level])
        {
            var alerts = Alerts(kind, Bad("unit flips")[..1000], []);
            Assert.InRange(alerts[0], 500, 502);
            Assert.InRange(alerts[^1], 500, 510);
        }
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(3.0)]
    public void What_comes_after_an_announced_change_may_be_as_before_or_as_during_it(double after)
    {
        foreach (var kind in (SignalKind[])[SignalKind.Latency, SignalKind.Throughput])
        {
            var usual = Normal(kind, 22);
            float[] values = [.. usual[..1000], .. usual[1000..1200].Select(value => value * 3), .. usual[1200..1600].Select(value => (float)(value * after))];
            bool[] announced = [.. Enumerable.Range(0, values.Length).Select(i => i is >= 1000 and < 1200)];
            Assert.Empty(Alerts(kind, values, announced));
            Assert.NotEmpty(Alerts(kind, [.. values[..1210], .. values[1210..].Select(value => value * 10)], announced));
        }
    }

    [Fact]
    public void Single_drops_are_nothing_and_many_in_a_row_are_an_event()
    {
        var quiet = Normal(SignalKind.Count, 10);
        Assert.All(Play(SignalKind.Count, [quiet])[0], score => Assert.InRange(score, 0, 1));
        float[] burst = [.. quiet[..1000], 20, 25, 18, 22];
        Assert.Contains(Play(SignalKind.Count, [burst])[0].Skip(1000), score => score > 1);
    }

    [Fact]
    public void A_measurement_that_stands_still_is_an_event()
    {
        float[] stuck = [.. Normal(SignalKind.Latency, 11)[..1000], .. Enumerable.Repeat(100.5f, 20)];
        Assert.Contains(Play(SignalKind.Latency, [stuck])[0].Skip(1000), score => score > 1);
    }

    [Fact]
    public void An_announced_change_scores_nothing_while_it_lasts()
    {
        float[] values = [.. Normal(SignalKind.Throughput, 12)[..1000], .. Normal(SignalKind.Throughput, 12)[..200].Select(value => value * 3)];
        var bank = new SeriesBank(SignalKind.Throughput, 1);
        var (raw, gated) = (new float[1], new float[1]);
        for (var i = 0; i < values.Length; i++)
        {
            bank.Observe((long)i * Minute, [values[i]], [i is >= 1000 and < 1100], raw, gated);
            Assert.True(i is < 1000 or >= 1100 || !(raw[0] > 0 || bank.IsAlert(0)), $"alert at {i}");
        }
    }

    [Fact]
    public void One_event_is_one_alert_and_perhaps_a_second_as_it_grows()
    {
        float[] values = [.. Normal(SignalKind.Latency, 13)[..1000], .. Normal(SignalKind.Latency, 13)[..90].Select(value => value * 4)];
        Assert.InRange(Alerts(SignalKind.Latency, values, []).Count, 1, 2);
    }

    [Fact]
    public void What_would_have_been_normal_is_known_in_the_unit_of_the_series()
    {
        foreach (var kind in (SignalKind[])[SignalKind.Latency, SignalKind.Throughput, SignalKind.Level])
        {
            var bank = new SeriesBank(kind, 1);
            var (raw, gated) = (new float[1], new float[1]);
            for (var i = 0; i < 1000; i++)
            {
                bank.Observe((long)i * Minute, [100 + (i % 3)], [], raw, gated);
            }

            Assert.True(bank.Normal(0).Contains(101), $"{kind}: {bank.Normal(0)}");
            Assert.False(bank.Normal(0).Contains(kind == SignalKind.Throughput ? 220 : 150));
            Assert.False(bank.Normal(0).Contains(kind == SignalKind.Throughput ? 45 : 60));
        }
    }

    [Fact]
    public void What_is_normal_stays_near_the_level_of_a_series_that_idles_and_jumps()
    {
        var bank = new SeriesBank(SignalKind.Throughput, 1);
        var (raw, gated) = (new float[1], new float[1]);
        for (var i = 0; i < 1000; i++)
        {
            bank.Observe((long)i * Minute, [i / 3 % 2 == 0 ? 1 : 1e9f], [], raw, gated);
        }

        var normal = bank.Normal(0);
        Assert.InRange(normal.High / normal.Low, 1, 10_001);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_restart_neither_forgets_nor_alarms(SignalKind kind)
    {
        var values = Normal(kind, 14);
        var bank = new SeriesBank(kind, 1, warmUp: 20);
        var (raw, gated, restoredRaw, restoredGated) = (new float[1], new float[1], new float[1], new float[1]);
        SeriesBank? restored = null;
        for (var i = 0; i < values.Length; i++)
        {
            var value = i % 300 == 299 ? values[i] * 30 : values[i];
            bank.Observe((long)i * Minute, [value], [], raw, gated);
            if (restored is not null)
            {
                restored.Observe((long)i * Minute, [value], [], restoredRaw, restoredGated);
                Assert.Equal((raw[0], gated[0], bank.IsAlert(0)), (restoredRaw[0], restoredGated[0], restored.IsAlert(0)));
            }

            if (i % 500 == 250)
            {
                restored = new SeriesBank(kind, 1, warmUp: 20);
                restored.Restore(0, bank.Save(0));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_series_moves_from_one_place_to_another_and_the_neighbours_of_both_are_as_they_were(SignalKind kind)
    {
        var (from, to) = (new SeriesBank(kind, 19), new SeriesBank(kind, 11));
        var (values, raw, gated) = (new float[19], new float[19], new float[19]);
        var random = new Random(15);
        for (var i = 0; i < 500; i++)
        {
            for (var k = 0; k < values.Length; k++)
            {
                values[k] = 100 + random.NextSingle();
            }

            from.Observe((long)i * Minute, values, [], raw, gated);
            to.Observe((long)i * Minute, values.AsSpan(8), [], raw, gated);
        }

        var before = Enumerable.Range(0, 11).Select(to.Save).ToArray();
        to.Restore(4, from.Save(17));
        Assert.Equal(from.Save(17), to.Save(4));
        Assert.NotEqual(before[4], to.Save(4));
        to.Clear(9);
        Assert.All(to.Save(9), static each => Assert.Equal(0, each));
        Assert.All(Enumerable.Range(0, 11).Except([4, 9]), i => Assert.Equal(before[i], to.Save(i)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Points_of_others_change_nothing_of_a_series_that_has_none(SignalKind kind)
    {
        var random = new Random(16);
        var bank = new SeriesBank(kind, 8);
        var (values, raw, gated) = (new float[8], new float[8], new float[8]);
        byte[]? known = null;
        for (var i = 0; i < 1000; i++)
        {
            for (var k = 0; k < 8; k++)
            {
                values[k] = k == 3 && i >= 500 ? float.NaN : 100 + random.NextSingle();
            }

            bank.Observe((long)i * Minute, values, [], raw, gated);
            known ??= i == 499 ? bank.Save(3) : null;
        }

        Assert.Equal(known, bank.Save(3));
        Assert.Equal(0, raw[3]);
    }

    private static float[] Normal(SignalKind kind, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 2000).Select(_ => kind == SignalKind.Count ? (random.NextDouble() < 0.03 ? random.Next(1, 3) : 0) : 100 + (5 * random.NextSingle()))];
    }

    private static float[] Bad(string name)
    {
        var random = new Random(20);
        return [.. Enumerable.Range(0, 2000).Select(i => name switch
        {
            "missing" => float.NaN,
            "constant" => 42,
            "zero" => 0,
            "two-valued" => i % 2,
            "single point" => i == 7 ? 3 : float.NaN,
            "infinite" => i % 2 == 0 ? float.PositiveInfinity : float.NegativeInfinity,
            "negative" => -random.NextSingle(),
            "a step of a million sigmas" => random.NextSingle() + (i < 1000 ? 1 : 1e6f),
            "unit flips" => (10 + random.NextSingle()) * (i / 500 % 2 == 0 ? 1 : 1000),
            "huge" => float.MaxValue * random.NextSingle(),
            "tiny" => float.Epsilon * random.Next(100),
            _ => throw new InvalidOperationException($"no input is called {name}"),
        })];
    }

    /// <summary>At which points one series alerts.</summary>
    private static List<int> Alerts(SignalKind kind, float[] values, bool[] announced)
    {
        var bank = new SeriesBank(kind, 1);
        var (raw, gated) = (new float[1], new float[1]);
        var alerts = new List<int>();
        for (var i = 0; i < values.Length; i++)
        {
            bank.Observe((long)i * Minute, [values[i]], announced.Length == 0 ? [] : [announced[i]], raw, gated);
            if (bank.IsAlert(0))
            {
                alerts.Add(i);
            }
        }

        return alerts;
    }

    private static float[][] Play(SignalKind kind, float[][] series)
    {
        var bank = new SeriesBank(kind, series.Length);
        var scores = Array.ConvertAll(series, values => new float[values.Length]);
        var (values, raw, gated) = (new float[series.Length], new float[series.Length], new float[series.Length]);
        for (var i = 0; i < series[0].Length; i++)
        {
            for (var k = 0; k < series.Length; k++)
            {
                values[k] = series[k][i];
            }

            bank.Observe((long)i * Minute, values, [], raw, gated);
            for (var k = 0; k < series.Length; k++)
            {
                scores[k][i] = raw[k];
            }
        }

        return scores;
    }
}
