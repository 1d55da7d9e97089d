using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Benchmarks.Detection.Tests;

public sealed class LabelledFolderTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-eval-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Windows_of_a_nab_folder_are_points_of_its_files()
    {
        Write("nab-x/data/real/a.csv", "timestamp,value", "2014-04-01 00:00:00,1", "2014-04-01 00:05:00,2", "2014-04-01 00:10:00,3");
        Write("nab-x/windows.json", """{"real/a.csv": [["2014-04-01 00:05:00.000000", "2014-04-01 00:10:00.000000"]]}""");
        var set = Assert.Single(LabelledFolder.Read(directory).Sets);
        Assert.Equal(SetKind.Nab, set.Kind);
        Assert.Equal([new PointSpan(1, 2)], Assert.Single(set.Series).Events);
        Assert.Equal([1.0, 2, 3], set.Series[0].Values);
    }

    [Fact]
    public void A_run_of_labels_of_a_kpi_file_is_one_event()
    {
        Write("kpi-x/a.csv", "timestamp,value,label", "0,1,1", "300,1,0", "600,1,1", "900,1,1", "1200,1,0");
        var series = Assert.Single(Assert.Single(LabelledFolder.Read(directory).Sets).Series);
        Assert.Equal([new PointSpan(0, 0), new PointSpan(2, 3)], series.Events);
        Assert.Equal(1500 / 86400.0, series.Days, 9);
    }

    [Fact]
    public void A_network_counter_is_its_rate_and_a_missed_scrape_is_missing()
    {
        Write("net-x/n1_throughput_bps.csv", "timestamp,value", "0,100", "60,700", "120,", "180,1900", "240,10");
        Write("net-x/labels.json", """{"n1_throughput_bps": {"anomalies": [{"onset_idx": 3, "end_idx": 3}], "benign": [{"onset_idx": 0, "end_idx": 1, "announced": true}]}}""");
        Write("net-x/meta.json", """{"n1_throughput_bps": {"counter": true}}""");
        var series = Assert.Single(Assert.Single(LabelledFolder.Read(directory).Sets).Series);
        Assert.Equal(SignalKind.Throughput, series.Kind);
        Assert.Equal([double.NaN, 10, double.NaN, 10, double.NaN], series.Values);
        Assert.Equal([new BenignSpan(new PointSpan(0, 1), Announced: true)], series.Benign);
    }

    [Fact]
    public void A_folder_without_data_says_what_it_lacks()
    {
        Assert.Contains("nab*, kpi* or net*", Assert.Throws<InvalidDataException>(() => LabelledFolder.Read(directory)).Message, StringComparison.Ordinal);
        Assert.Contains("DATA=", Assert.Throws<InvalidDataException>(() => LabelledFolder.Read(directory + "/none")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_read_is_named_and_the_rest_is_scored()
    {
        Write("kpi-x/a.csv", "timestamp,value,label", "0,one,0");
        Write("kpi-x/b.csv", "timestamp,value,label", "0,1,0", "60,2,1");
        Write("kpi-x/c.csv", "timestamp,value", "0,1");
        Write("kpi-x/empty.csv");
        Write("NAB_kept/windows.json", "no JSON");
        Write("nab2/data/real/a.csv", "timestamp,value", "2014-04-01 00:00:00,1");
        Write("nab2/data/real/b.csv", "timestamp,value", "2014-04-01 00:00:00,1");
        Write("nab2/data/real/c.csv", "timestamp,value", "2014-04-01 00:00:00,1");
        Write("nab2/windows.json", """{"real/a.csv": [], "real/b.csv": [["2014-05-01 00:00:00", "2014-05-02 00:00:00"]], "real/gone.csv": []}""");
        Write("net-x/n1_rtt_ms.csv", "timestamp,value", "0,1", "60,2");
        Write("net-x/n2_rtt_ms.csv", "timestamp,value", "0,1", "60,2");
        Write("net-x/n3_rtt_ms.csv", "timestamp,value", "0,1", "60,2");
        Write("net-x/n4_rtt_ms.csv", "timestamp,value", "0,1", "60,2");
        Write("net-x/labels.json", """{"n1_rtt_ms": {"anomalies": [], "benign": []}, "n2_rtt_ms": {"anomalies": [{"onset_idx": 1, "end_idx": 7}]}, "n3_rtt_ms": {"anomalies": [{"onset_idx": "one", "end_idx": 1}]}}""");
        Write("net-y/n1_rtt_ms.csv", "timestamp,value", "0,1");
        Write("notes/readme.txt", "nothing");

        var read = LabelledFolder.Read(directory);

        Assert.Equal(["kpi-x b.csv", "nab2 real/a.csv", "net-x n1_rtt_ms.csv"], read.Sets.SelectMany(set => set.Series.Select(series => $"{set.Name} {series.Name}")));
        foreach (var named in (string[])[
            "kpi-x: a.csv: 0,one,0 is no line", "kpi-x: c.csv: not every line has a label", "kpi-x: empty.csv: no line", "NAB_kept: windows.json", "nab2: windows.json names 1 series that are not there: real/gone.csv",
            "nab2: real/b.csv: the window from 2014-05-01", "nab2: real/c.csv: windows.json does not name it", "net-x: n2_rtt_ms.csv: labels.json speaks of its points 1 to 7",
            "net-x: n3_rtt_ms.csv", "net-x: n4_rtt_ms.csv: labels.json does not name it", "net-y: labels.json", "notes: no data"])
        {
            Assert.Contains(read.NotScored, problem => problem.StartsWith(named, StringComparison.Ordinal));
        }

        Assert.Equal(12, read.NotScored.Length);
    }

    [Fact]
    public void A_folder_of_another_name_is_what_its_files_say_and_a_single_set_may_be_given()
    {
        Write("held/data/a.csv", "timestamp,value", "2014-04-01 00:00:00,1");
        Write("held/windows.json", """{"a.csv": []}""");
        Write("more/n1_rtt_ms.csv", "timestamp,value", "0,1", "60,2", "120,3");
        Write("more/labels.json", """{"n1_rtt_ms": {"anomalies": [{"start": 60, "end": 120}]}}""");
        Write("other/a.csv", "timestamp,value,label", "0,1,0");
        Assert.Equal(["held Nab", "more Events", "other Events"], LabelledFolder.Read(directory).Sets.Select(set => $"{set.Name} {set.Kind}"));
        Assert.Equal([new PointSpan(1, 2)], Assert.Single(Assert.Single(LabelledFolder.Read(Path.Combine(directory, "more")).Sets).Series).Events);
    }

    [Fact]
    public void Times_that_run_backwards_last_as_long_as_forwards()
    {
        Write("kpi-x/a.csv", "timestamp,value,label", "600,1,0", "300,2,1", "0,3,0");
        var series = Assert.Single(Assert.Single(LabelledFolder.Read(directory).Sets).Series);
        Assert.Equal(900 / 86400.0, series.Days, 9);
        Assert.Equal(0, EventRecall.At([new ScoredSeries(series, new float[3], new float[3])], 0.05).FalseAlarmsPerDay);
    }

    private void Write(string path, params string[] lines)
    {
        var file = Path.Combine(directory, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllLines(file, lines);
    }
}
