using NetPulse.Benchmarks.Detection.Data;
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
        var set = Assert.Single(LabelledFolder.Read(directory));
        Assert.Equal(SetKind.Nab, set.Kind);
        Assert.Equal([new PointSpan(1, 2)], Assert.Single(set.Series).Events);
        Assert.Equal([1.0, 2, 3], set.Series[0].Values);
    }

    [Fact]
    public void A_run_of_labels_of_a_kpi_file_is_one_event()
    {
        Write("kpi-x/a.csv", "timestamp,value,label", "0,1,1", "300,1,0", "600,1,1", "900,1,1", "1200,1,0");
        var series = Assert.Single(Assert.Single(LabelledFolder.Read(directory)).Series);
        Assert.Equal([new PointSpan(0, 0), new PointSpan(2, 3)], series.Events);
        Assert.Equal(1500 / 86400.0, series.Days, 9);
    }

    [Fact]
    public void A_network_counter_is_its_rate_and_a_missed_scrape_is_missing()
    {
        Write("net-x/n1_throughput_bps.csv", "timestamp,value", "0,100", "60,700", "120,", "180,1900", "240,10");
        Write("net-x/labels.json", """{"n1_throughput_bps": {"anomalies": [{"onset_idx": 3, "end_idx": 3}], "benign": [{"onset_idx": 0, "end_idx": 1, "announced": true}]}}""");
        Write("net-x/meta.json", """{"n1_throughput_bps": {"counter": true}}""");
        var series = Assert.Single(Assert.Single(LabelledFolder.Read(directory)).Series);
        Assert.Equal(SignalKind.Throughput, series.Kind);
        Assert.Equal([double.NaN, 10, double.NaN, 10, double.NaN], series.Values);
        Assert.Equal([new BenignSpan(new PointSpan(0, 1), Announced: true)], series.Benign);
    }

    [Fact]
    public void A_folder_without_data_says_what_it_lacks()
    {
        Assert.Contains("nab, kpi or net", Assert.Throws<InvalidDataException>(() => LabelledFolder.Read(directory)).Message, StringComparison.Ordinal);
        Assert.Contains("DATA=", Assert.Throws<InvalidDataException>(() => LabelledFolder.Read(directory + "/none")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_is_no_sample_is_named()
    {
        Write("kpi-x/a.csv", "timestamp,value,label", "0,one,0");
        Assert.Contains("0,one,0", Assert.Throws<InvalidDataException>(() => LabelledFolder.Read(directory)).Message, StringComparison.Ordinal);
    }

    private void Write(string path, params string[] lines)
    {
        var file = Path.Combine(directory, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllLines(file, lines);
    }
}
