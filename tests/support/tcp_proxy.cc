#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace dbp {
namespace {

constexpr int kTickMillis = 5;  // how soon a change of mode and the end are noticed

void Reset(int fd) {
  const linger hard = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

sockaddr_in Loopback(const char* address, int port) {
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address, &in.sin_addr);
  return in;
}

}  // namespace

struct TcpProxy::Link {
  int client = -1, server = -1;
  Direction* last = nullptr;
  std::thread thread;
};

TcpProxy::TcpProxy(std::string host, int port) : host_(std::move(host)), server_port_(port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in in = Loopback("127.0.0.1", 0);
  socklen_t size = sizeof in;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&in), size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&in), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(in.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

TcpProxy::~TcpProxy() {
  stopping_ = true;
  acceptor_.join();
  close(listener_);
  for (auto& link : links_) link->thread.join();
}

int TcpProxy::ConnectToServer() const {
  if (host_.starts_with('/')) {
    sockaddr_un un = {};
    un.sun_family = AF_UNIX;
    const std::string path = host_ + "/.s.PGSQL." + std::to_string(server_port_);
    std::strncpy(un.sun_path, path.c_str(), sizeof un.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&un), sizeof un) == 0) return fd;
    close(fd);
    return -1;
  }
  const sockaddr_in in = Loopback(host_.c_str(), server_port_);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&in), sizeof in) == 0) return fd;
  close(fd);
  return -1;
}

void TcpProxy::Accept() {
  while (!stopping_) {
    pollfd p = {listener_, POLLIN, 0};
    if (poll(&p, 1, kTickMillis) <= 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++accepted_;
    auto link = std::make_unique<Link>();
    link->client = client;
    link->server = ConnectToServer();
    SendAtOnce(client);
    if (!host_.starts_with('/')) SendAtOnce(link->server);
    Link* const raw = link.get();
    std::lock_guard<std::mutex> lock(mu_);
    links_.push_back(std::move(link));
    raw->thread = std::thread([this, raw] { Relay(raw); });
  }
}

void TcpProxy::Relay(Link* link) {
  bool open = link->server >= 0;
  while (open && !stopping_) {
    pollfd p[2] = {{link->client, POLLIN, 0}, {link->server, POLLIN, 0}};
    if (to_server_.mode == Mode::kStall) p[0].fd = -1;
    if (to_client_.mode == Mode::kStall) p[1].fd = -1;
    if (poll(p, 2, kTickMillis) <= 0) continue;
    if (p[0].revents) open = Move(link, link->client, link->server, &to_server_);
    if (open && p[1].revents) open = Move(link, link->server, link->client, &to_client_);
  }
  close(link->client);
  if (link->server >= 0) close(link->server);
}

bool TcpProxy::Move(Link* link, int from, int to, Direction* direction) {
  char buffer[16384];
  const ssize_t got = recv(from, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  const Mode mode = direction->mode;
  if (mode == Mode::kClose) return false;
  if (mode == Mode::kDrop) {
    Reset(link->client);
    return false;
  }
  if (link->last != direction) ++direction->bursts;
  link->last = direction;
  if (const int delay = direction->delay_millis; delay > 0) poll(nullptr, 0, delay);
  size_t size = static_cast<size_t>(got);
  const int64_t cut = direction->cut_after;
  const bool cuts = cut >= 0 && static_cast<int64_t>(size) >= cut;
  if (cuts) size = static_cast<size_t>(cut);
  if (cut >= 0 && !cuts) direction->cut_after = cut - static_cast<int64_t>(size);
  return Write(to, buffer, size, direction) && !cuts;
}

bool TcpProxy::Write(int to, const char* data, size_t size, Direction* direction) {
  const size_t step = direction->mode == Mode::kSlices ? 1 : size;
  for (size_t sent = 0; sent < size;) {
    const ssize_t n = send(to, data + sent, std::min(step, size - sent), MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
    direction->bytes += n;
  }
  return true;
}

}  // namespace dbp
