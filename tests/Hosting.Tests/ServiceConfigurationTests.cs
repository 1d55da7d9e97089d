using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Hosting.Tests;

[Collection("environment of the process")]
public sealed class ServiceConfigurationTests : IDisposable
{
    private const string Valid = """
        # settings of a service
        sampling:
          interval: 20s
          limit: 7
          name: north
          sources: [flows, drops]
          tls:
            port: 8443
        """;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("nptest-");

    [Fact]
    public void Defaults_hold_without_a_file()
    {
        var options = Start([]);
        Assert.Equal(TimeSpan.FromSeconds(10), options.Interval);
        Assert.Equal(5, options.Limit);
    }

    [Fact]
    public void A_file_gives_every_kind_of_value()
    {
        var options = Start([Config(Valid)]);
        Assert.Equal(TimeSpan.FromSeconds(20), options.Interval);
        Assert.Equal((7, "north", 8443), (options.Limit, options.Name, options.Tls.Port));
        Assert.Equal(["flows", "drops"], options.Sources);
    }

    [Fact]
    public void The_environment_counts_over_the_file_and_the_command_line_over_both()
    {
        using var one = new Variable("NETPULSE_Sampling__Limit", "8");
        using var two = new Variable("NETPULSE_SAMPLING__NAME", "east");
        var options = Start([Config(Valid), "--sampling:name=west"]);
        Assert.Equal((8, "west"), (options.Limit, options.Name));
    }

    [Theory]
    [InlineData("  limit: 7", "  limit: 70", 4, "sampling.limit", "70 is not allowed: must be 1 to 10")]
    [InlineData("  limit: 7", "  limit: many", 4, "sampling.limit", "must be a whole number")]
    [InlineData("interval: 20s", "interval: 2h", 3, "sampling.interval", "2h is not allowed: must be 1s to 5m")]
    [InlineData("interval: 20s", "interval: 20", 3, "sampling.interval", "'20' is no duration; write it as")]
    [InlineData("interval: 20s", "intervall: 20s", 3, "sampling.intervall", "is not a known field; sampling has interval, limit, name, sources, tls")]
    [InlineData("name: north", "name: North", 5, "sampling.name", "North is not allowed: must be lower-case")]
    [InlineData("name: north", "name: ''", 5, "sampling.name", "an empty value is not allowed")]
    [InlineData("    port: 8443", "    port: 0", 8, "sampling.tls.port", "0 is not allowed: must be 1 to 65535")]
    [InlineData("    port: 8443", "    prot: 1", 8, "sampling.tls.prot", "is not a known field")]
    [InlineData("sampling:", "sampilng:", 2, "sampilng", "is not a known section; known are sampling")]
    [InlineData("  limit: 7", "  limit: 7\n  Limit: 8", 5, "sampling.Limit", "is written twice")]
    public void A_bad_setting_in_the_file_is_told_with_its_line(string right, string wrong, int line, string field, string problem)
    {
        var fault = Assert.Throws<ObjectFileException>(() => Start([Config(Valid.Replace(right, wrong, StringComparison.Ordinal))]));
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.Equal(field, fault.Field, ignoreCase: true);
        Assert.Equal(line, fault.Line);
        Assert.EndsWith("settings.yaml", fault.File, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_setting_of_the_environment_is_not_blamed_on_the_file()
    {
        using var variable = new Variable("NETPULSE_sampling__limit", "70");
        var fault = Assert.Throws<ObjectFileException>(() => Start([Config(Valid)]));
        Assert.Equal("environment variable NETPULSE_sampling__limit: sampling.limit: 70 is not allowed: must be 1 to 10", fault.Message);
    }

    [Theory]
    [InlineData("--sampling:limit=70", "command line: sampling.limit: 70 is not allowed: must be 1 to 10")]
    [InlineData("--sampling:limt=7", "command line: sampling.limt: is not a known field; sampling has")]
    [InlineData("--sampilng:limit=7", "command line: sampilng: is not a known section")]
    [InlineData("--limit=7", "command line: limit: is not a known section")]
    [InlineData("--sampling:limit", "command line: --sampling:limit: is not understood")]
    [InlineData("verbose", "command line: verbose: is not understood")]
    public void A_bad_argument_is_told(string argument, string problem) =>
        Assert.StartsWith(problem, Assert.Throws<ObjectFileException>(() => Start([Config(Valid), argument])).Message, StringComparison.Ordinal);

    [Fact]
    public void Variables_that_Kubernetes_sets_for_our_services_are_no_settings()
    {
        using var host = new Variable("NETPULSE_STORE_SERVICE_HOST", "10.0.0.1");
        using var port = new Variable("NETPULSE_PORT", "tcp://10.0.0.1:80");
        Assert.Equal(5, Start([]).Limit);
    }

    [Fact]
    public void A_variable_of_an_unknown_section_is_refused()
    {
        using var variable = new Variable("NETPULSE_Sampilng__Limit", "7");
        Assert.Contains("is not a known section", Assert.Throws<ObjectFileException>(() => Start([])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_ends_the_start() =>
        Assert.Contains("none.yaml: the configuration file cannot be read", Assert.Throws<ObjectFileException>(() => Start(["--config=none.yaml"])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_no_YAML_ends_the_start() =>
        Assert.Contains("settings.yaml:2:5: not valid YAML", Assert.Throws<ObjectFileException>(() => Start([Config("a: b\nc: d: e\n")])).Message, StringComparison.Ordinal);

    [Fact]
    public void The_file_may_be_named_by_the_environment()
    {
        using var variable = new Variable("NETPULSE_CONFIG", Config(Valid)["--config=".Length..]);
        Assert.Equal(7, Start([]).Limit);
    }

    public void Dispose() => directory.Delete(recursive: true);

    private static SamplingOptions Start(string[] args)
    {
        var configuration = ServiceConfiguration.Load(args);
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration.Root)
            .AddSettings<SamplingOptions, SamplingOptionsValidator>("sampling")
            .BuildServiceProvider();
        configuration.Check(services);
        return services.GetRequiredService<IOptions<SamplingOptions>>().Value;
    }

    private string Config(string yaml)
    {
        var path = Path.Combine(directory.FullName, "settings.yaml");
        File.WriteAllText(path, yaml);
        return $"--config={path}";
    }

    private sealed class Variable : IDisposable
    {
        private readonly string name;

        public Variable(string name, string value)
        {
            this.name = name;
            Environment.SetEnvironmentVariable(name, value);
        }

        public void Dispose() => Environment.SetEnvironmentVariable(name, null);
    }
}

public sealed class SamplingOptions
{
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    [Range(1, 10)]
    public int Limit { get; set; } = 5;

    [Required]
    [RegularExpression("[a-z]+", ErrorMessage = "must be lower-case letters")]
    public string Name { get; set; } = "any";

    public IList<string> Sources { get; set; } = [];

    [ValidateObjectMembers]
    public TlsOptions Tls { get; set; } = new();
}

public sealed class TlsOptions
{
    [Range(1, 65535)]
    public int Port { get; set; } = 443;
}

[OptionsValidator]
public sealed partial class SamplingOptionsValidator : IValidateOptions<SamplingOptions>;
