#include "tests/support/servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace dbp {
namespace {

[[noreturn]] void GiveUp(const std::string& why) {
  std::fprintf(stderr, "tests/support/servers: %s\n", why.c_str());
  std::abort();
}

std::string Read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

[[noreturn]] void Exec(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

std::string Line(const std::string& text, int number) {
  std::istringstream in(text);
  std::string line;
  for (int i = 0; i < number; ++i) line.clear(), std::getline(in, line);
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

// ---- Child ----

void Child::Start(std::vector<std::string> command, const std::string& owned_by,
                  const std::string& log) {
  struct stat owner = {};
  if (stat(owned_by.c_str(), &owner) != 0) GiveUp("no " + owned_by);
  // A change of user clears the parent-death signal, so it is set after.
  std::vector<std::string> words;
  if (geteuid() == 0 && owner.st_uid != 0) {
    words = {"setpriv",
             "--reuid",
             std::to_string(owner.st_uid),
             "--regid",
             std::to_string(owner.st_gid),
             "--clear-groups"};
  }
  words.insert(words.end(), {"setpriv", "--pdeathsig", "INT"});
  words.insert(words.end(), command.begin(), command.end());
  pid_ = fork();
  if (pid_ != 0) return;
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  dup2(in, 0);
  dup2(out, 1);
  dup2(out, 2);
  setenv("LC_ALL", "C", 1);
  Exec(words);
}

bool Child::running() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void Child::Stop(int signal) {
  if (!running()) return;
  kill(pid_, signal);
  kill(pid_, SIGCONT);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

// ---- PostgresServer ----

PostgresServer::PostgresServer() {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) GiveUp("no pipes");
  script_ = fork();
  if (script_ == 0) {
    for (const char* name : {"URL", "TCP_URL", "DATA", "BIN"}) {
      unsetenv((std::string("DBPOOL_TEST_POSTGRES_") + name).c_str());
    }
    dup2(in[0], 0);
    dup2(out[1], 1);
    Exec({DBPOOL_WITH_POSTGRES, "sh", "-c",
          "printf '%s\\n' \"$DBPOOL_TEST_POSTGRES_URL\" \"$DBPOOL_TEST_POSTGRES_TCP_URL\" "
          "\"$DBPOOL_TEST_POSTGRES_DATA\" \"$DBPOOL_TEST_POSTGRES_BIN\"; exec cat >/dev/null"});
  }
  close(in[0]);
  close(out[1]);
  stdin_ = in[1];
  FILE* said = fdopen(out[0], "r");
  for (std::string* line : {&url_, &tcp_url_, &data_, &bin_}) {
    char text[4096];
    if (!std::fgets(text, sizeof text, said)) GiveUp("with_postgres has no server for us");
    *line = text;
    line->pop_back();
  }
  std::fclose(said);
  port_ = std::stoi(Line(Read(data_ + "/postmaster.pid"), 4));
}

PostgresServer::~PostgresServer() {
  if (!server_.running()) Signal(SIGCONT);
  server_.Stop(SIGQUIT);
  close(stdin_);
  waitpid(script_, nullptr, 0);
}

pid_t PostgresServer::postmaster() const {
  const std::string pid = Line(Read(data_ + "/postmaster.pid"), 1);
  return pid.empty() ? -1 : std::stoi(pid);
}

void PostgresServer::Signal(int signal) const {
  const pid_t pid = postmaster();
  if (pid > 0) kill(pid, signal);
}

void PostgresServer::StopImmediately() {
  if (server_.running()) {
    server_.Stop(SIGQUIT);
  } else {
    const pid_t pid = postmaster();
    if (pid > 0) kill(pid, SIGQUIT);
    Await([&] { return pid <= 0 || kill(pid, 0) != 0; });
  }
}

void PostgresServer::Start(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {bin_ + "/postgres", "-D", data_, "-p", std::to_string(port_)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  server_.Start(command, data_, data_ + "/../restarts.log");
  if (!Await([&] { return Ready() || !server_.running(); }) || !server_.running()) {
    GiveUp("the server does not start again: " + Read(data_ + "/../restarts.log"));
  }
}

std::string PostgresServer::StartWithTls(const std::string& host) {
  const std::string certificate = data_ + "/test.crt", key = data_ + "/test.key";
  Child openssl;
  openssl.Start({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + host, "-addext",
                 "subjectAltName=DNS:" + host, "-keyout", key, "-out", certificate},
                data_, data_ + "/../openssl.log");
  if (!Await([&] { return !openssl.running(); }) || Read(certificate).empty()) {
    GiveUp("no certificate: " + Read(data_ + "/../openssl.log"));
  }
  chmod(key.c_str(), 0600);
  // The client, perhaps another user, cannot look into the server's folder.
  std::ofstream(tls_.File("root.crt")) << Read(certificate);
  StopImmediately();
  Start({"-c", "ssl=on", "-c", "ssl_cert_file=" + certificate, "-c", "ssl_key_file=" + key});
  return tls_.File("root.crt");
}

bool PostgresServer::Ready() const {
  const std::string file = Read(data_ + "/postmaster.pid");
  return Line(file, 1) == std::to_string(server_.pid()) && Line(file, 8) == "ready";
}

// ---- PgBouncer ----

bool PgBouncer::Available() {
  return std::system("command -v pgbouncer >/dev/null 2>&1 || test -x /usr/sbin/pgbouncer") == 0;
}

PgBouncer::PgBouncer(int postgres_port, const std::string& mode, const std::string& more)
    : port_(FreePort()) {
  std::ofstream(dir_.File("users")) << "\"dbpool\" \"dbpool-test\"\n";
  std::ofstream(dir_.File("config"))
      << "[databases]\n* = host=127.0.0.1 port=" << postgres_port
      << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_
      << "\nunix_socket_dir =\nauth_type = scram-sha-256\n"
      << "auth_file = " << dir_.File("users") << "\npool_mode = " << mode << "\n"
      << more << "\n";
  if (geteuid() == 0 && chown(dir_.path().c_str(), 65534, 65534) != 0) GiveUp("cannot chown");
  const char* path = access("/usr/sbin/pgbouncer", X_OK) == 0 ? "/usr/sbin/pgbouncer" : "pgbouncer";
  server_.Start({path, dir_.File("config")}, dir_.path(), dir_.File("log"));
  if (!Await([&] { return AcceptsConnections(port_) || !server_.running(); }) ||
      !server_.running()) {
    GiveUp("PgBouncer does not start: " + Log());
  }
}

PgBouncer::~PgBouncer() {
  server_.Stop(SIGTERM);
}

std::string PgBouncer::url() const {
  return "postgresql://dbpool:dbpool-test@127.0.0.1:" + std::to_string(port_) + "/dbpool_test";
}

std::string PgBouncer::Log() const {
  return Read(dir_.File("log"));
}

// ---- ports ----

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof in;
  if (bind(fd, reinterpret_cast<sockaddr*>(&in), sizeof in) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size) != 0) {
    GiveUp("no free port");
  }
  close(fd);
  return ntohs(in.sin_port);
}

bool AcceptsConnections(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_port = htons(static_cast<uint16_t>(port));
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool accepted = connect(fd, reinterpret_cast<sockaddr*>(&in), sizeof in) == 0;
  close(fd);
  return accepted;
}

}  // namespace dbp
